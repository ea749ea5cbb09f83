import type { DatasetVersion } from "../datasets/dataset-version.ts";
import { typist } from "../datasets/typing.ts";
import { scoreTable } from "../evaluation/score-table.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import { labelOf } from "../serving/answer.ts";
import type { Source } from "../storage/columns/columns.ts";
import { type BadRow, cellText, type TextBlock } from "../table/text-block.ts";
import type { Platform } from "./platform.ts";

/** One scored row: its original values as text, and what the model said. */
export interface ScoredRow {
  readonly values: readonly (string | undefined)[];
  readonly label: string | number;
  /** Binary: of the positive class; multiclass: per class; regression: the number. */
  readonly output: readonly number[];
}

export interface ScoreTotals {
  readonly rows: number;
  readonly rejected: number;
}

/**
 * Predicts every row of a source, block by block, through the stored ONNX. A row that cannot be read is rejected with its
 * reason; columns the source lacks are missing values. Memory does not grow with the source.
 */
export async function scoreSource(
  deps: Pick<Platform, "columns" | "blobs" | "runtime">,
  input: {
    readonly version: ModelVersion;
    /** Whose column types count; undefined: the model was imported. */
    readonly dataset: DatasetVersion | undefined;
    readonly source: Source;
    readonly onRows: (rows: readonly ScoredRow[]) => Promise<void>;
    readonly onRejected: (file: string, rows: readonly BadRow[]) => Promise<void>;
  },
): Promise<ScoreTotals> {
  const { version, source } = input;
  const { signature } = version;
  const places = new Map(source.names.map((name, at) => [name, at]));
  const schema = new Map(
    (input.dataset?.schema.columns ?? []).map((column) => [column.name, column]),
  );
  const type = typist(
    signature.columns.map(({ name, role }) => ({
      name,
      type:
        schema.get(name)?.type ??
        (role === "numeric" ? "number" : role === "time" ? "time" : "string"),
      order: schema.get(name)?.dateOrder ?? "dmy",
      at: places.get(name),
      strict: true,
    })),
  );
  const session = await deps.runtime.load(await deps.blobs.get(version.onnx));
  let rows = 0;
  let rejected = 0;
  try {
    for await (const block of deps.columns.blocks(source)) {
      const { table, bad } = type(block);
      const scores = await scoreTable(session, { signature, table });
      const kept = keptRows(block, bad);
      await input.onRows(
        kept.map((row, i) => {
          const output = [...scores.values.subarray(i * scores.width, (i + 1) * scores.width)];
          return { values: valuesOf(block, row), label: labelOf(signature, output), output };
        }),
      );
      if (bad.length > 0) await input.onRejected(source.files[block.file]!.uri, bad);
      rows += kept.length;
      rejected += bad.length;
    }
  } finally {
    await session.close();
  }
  return { rows, rejected };
}

function keptRows(block: TextBlock, bad: readonly BadRow[]): number[] {
  const lines = new Set(bad.map(({ line }) => line));
  return Array.from({ length: block.rows }, (_, row) => row).filter(
    (row) => !lines.has(block.lines[row]!),
  );
}

const valuesOf = (block: TextBlock, row: number): (string | undefined)[] =>
  Array.from({ length: block.width }, (_, j) => cellText(block, row * block.width + j));
