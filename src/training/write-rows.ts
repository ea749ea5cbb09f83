import type { Digest } from "../lib/digest.ts";
import type { Columns } from "../storage/columns/columns.ts";
import { type Table, takeRows } from "../table/table.ts";
import { sampleRows } from "./sample-rows.ts";
import { type TrainingData, trainingData, trainingFolds } from "./training-data.ts";
import type { TrainingSpec } from "./training-spec.ts";

/** `train`: all but the test rows; `all`: these, too. */
export type RowsPart =
  | "train"
  | "all"
  /** What round `fold` of `folds` learns from, at most `maxRows` of it. */
  | { readonly fold: number; readonly folds: number; readonly maxRows: number };

export interface WriteRowsInput {
  readonly spec: TrainingSpec;
  /** The dataset version's Parquet. */
  readonly data: Digest;
  readonly part: RowsPart;
  /** Absolute; .parquet. */
  readonly to: string;
}

/** Writes rows to learn from, with the features and the target, for a program that trains. @returns how many. */
export async function writeRows(
  deps: {
    readonly columns: Pick<Columns, "writer" | "publish">;
    readonly loadTable: (data: Digest) => Promise<Table>;
  },
  { spec, data, part, to }: WriteRowsInput,
): Promise<number> {
  const known = trainingData(spec, await deps.loadTable(data));
  const names = [...spec.columns.map(({ name }) => name), spec.target];
  const rows = takeRows(known.table, rowsOf(spec, known, part));
  const columns = names.map((name) => [name, rows.columns.get(name)!] as const);
  const writer = await deps.columns.writer(columns.map(([name, { type }]) => ({ name, type })));
  await writer.append({ rows: rows.rows, columns: new Map(columns) });
  const file = await writer.finish();
  try {
    await deps.columns.publish([file.path], { to, token: "rows" });
  } finally {
    await file.discard();
  }
  return rows.rows;
}

function rowsOf(spec: TrainingSpec, data: TrainingData, part: RowsPart): Uint32Array {
  if (part === "train") return data.train;
  if (part === "all") return Uint32Array.from({ length: data.table.rows }, (_, row) => row);
  const { train } = trainingFolds(spec, data, part.folds)[part.fold]!;
  return sampleRows(train, part.maxRows, spec.seed);
}
