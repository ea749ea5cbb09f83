import { utf8ToBytes } from "@noble/hashes/utils.js";
import { type TypedColumn, typist } from "../datasets/typing.ts";
import { MillwrightError } from "../errors.ts";
import type { Abort } from "../lib/abort.ts";
import { crashPoint } from "../lib/crash-point.ts";
import type { Digest } from "../lib/digest.ts";
import type { Scores } from "../lib/task.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Sessions } from "../runtime/sessions.ts";
import type { RoutedVersion } from "../serving/route.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Columns, Piece, TableWriter } from "../storage/columns/columns.ts";
import { type Table, takeRows } from "../table/table.ts";
import type { BadRow, TextBlock } from "../table/text-block.ts";
import { resultColumns } from "./added-columns.ts";
import { saidColumns } from "./said-columns.ts";
import type { ScorePlan } from "./score-plan.ts";
import { scoreRows } from "./score-rows.ts";

export interface ScorePartInput {
  readonly plan: ScorePlan;
  readonly piece: Piece;
  /** Where the piece lies by itself, when it cannot be read in its file. */
  readonly unpacked?: string | undefined;
}

/** One part, scored and kept. */
export interface ScoredPart {
  /** Parquet: the rows in the order of the source; null = no row could be scored. */
  readonly data: Digest | null;
  /** JSON lines: what was set aside, with line and reason; null = nothing. */
  readonly rejectedData: Digest | null;
  readonly rows: number;
  readonly rejected: number;
}

export interface ScorePartDeps {
  readonly columns: Columns;
  readonly blobs: Blobs;
  readonly sessions: Sessions<Signature>;
  readonly signal: Abort;
  readonly progress: (rows: number) => void;
  /** The main reasons for what was said, one text a row. */
  explain(
    version: RoutedVersion,
    rows: { readonly table: Table; readonly top: number },
  ): Promise<string[]>;
}

/** A column of a table in memory takes half a megabyte, however few rows there are. */
const FEW_COLUMNS = 200;

/** Scores one part of a source, block by block; the result is content-addressed, so doing it twice changes nothing. */
export async function scorePart(deps: ScorePartDeps, input: ScorePartInput): Promise<ScoredPart> {
  const { plan, piece } = input;
  const { version, source, added } = plan;
  return deps.sessions.use(version.onnx, async ({ session, about: signature }) => {
    const type = typist(typedColumns(signature, plan));
    const rejected: string[] = [];
    let writer: TableWriter | undefined;
    let rows = 0;
    try {
      for await (const block of deps.columns.pieceBlocks(source, piece, input.unpacked)) {
        if (deps.signal.aborted) throw new MillwrightError("cancelled", "Scoring was cancelled.");
        const typed = type(block);
        const all = await scoreRows(session, { signature, table: typed.table });
        const good = finiteRows(keptRows(block, typed.bad), typed.table, all);
        for (const bad of [...typed.bad, ...notFinite(block, good.odd)])
          rejected.push(JSON.stringify(bad));
        const { table, scores } = good;
        if (scores.rows === 0) continue;
        const reasons =
          plan.reasons > 0 ? await deps.explain(version, { table, top: plan.reasons }) : undefined;
        const about = { added, version: version.number, abstain: version.abstain, reasons };
        const said = saidColumns(signature, scores, about);
        writer ??= await deps.columns.writer(resultColumns(source, added, signature), {
          inMemory: source.names.length <= FEW_COLUMNS,
        });
        await writer.appendCells(block, good.rows, said);
        rows += scores.rows;
        deps.progress(rows);
      }
      const file = await writer?.finish();
      const data = file ? await deps.blobs.putFile(file.path) : null;
      await file?.discard();
      const aside = rejected.length > 0 ? utf8ToBytes(`${rejected.join("\n")}\n`) : undefined;
      const rejectedData = aside ? await deps.blobs.put(aside) : null;
      crashPoint("score:part-written");
      return { data, rejectedData, rows, rejected: rejected.length };
    } catch (error) {
      await writer?.abort();
      throw error;
    }
  });
}

function typedColumns({ columns }: Signature, { source, types }: ScorePlan): TypedColumn[] {
  const places = new Map(source.names.map((name, at) => [name, at]));
  return columns.map(({ name, role }) => ({
    name,
    type:
      types[name]?.type ?? (role === "numeric" ? "number" : role === "time" ? "time" : "string"),
    order: types[name]?.dateOrder ?? "dmy",
    at: places.get(name),
    strict: true,
  }));
}

/** Rows of the block that could be typed, in order. */
function keptRows(block: TextBlock, bad: readonly BadRow[]): Int32Array {
  const lines = new Set(bad.map(({ line }) => line));
  const kept = new Int32Array(block.rows);
  let count = 0;
  for (let row = 0; row < block.rows; row++) if (!lines.has(block.lines[row]!)) kept[count++] = row;
  return kept.subarray(0, count);
}

interface GoodRows {
  /** Of the block. */
  readonly rows: Int32Array;
  readonly table: Table;
  readonly scores: Scores;
  /** Of the block: rows to which the model's answer was no finite number. */
  readonly odd: readonly number[];
}

function finiteRows(rows: Int32Array, table: Table, scores: Scores): GoodRows {
  const { width, values } = scores;
  const finite = (i: number) =>
    values.subarray(i * width, (i + 1) * width).every((value) => Number.isFinite(value));
  if (values.every((value) => Number.isFinite(value))) return { rows, table, scores, odd: [] };
  const at = Array.from(rows, (_, i) => i).filter(finite);
  const good = new Float64Array(at.length * width);
  for (const [to, i] of at.entries())
    good.set(values.subarray(i * width, (i + 1) * width), to * width);
  return {
    rows: Int32Array.from(at, (i) => rows[i]!),
    table: takeRows(table, at),
    scores: { rows: at.length, width, values: good },
    odd: Array.from(rows).filter((_, i) => !finite(i)),
  };
}

const notFinite = ({ lines }: TextBlock, rows: readonly number[]): BadRow[] =>
  rows.map((row) => ({
    line: lines[row]!,
    reason: "the model's answer is no finite number",
    raw: "",
  }));
