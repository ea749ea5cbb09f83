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
import type { Table } from "../table/table.ts";
import type { BadRow, TextBlock } from "../table/text-block.ts";
import { resultColumns } from "./added-columns.ts";
import { openAnswerer } from "./open-answerer.ts";
import { type AnsweredBy, type PinnedMember, plusAnswered } from "./pinned-family.ts";
import { type SaidBy, saidColumns } from "./said-columns.ts";
import type { ScorePlan } from "./score-plan.ts";

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
  /** Of a family. */
  readonly answered?: AnsweredBy | undefined;
}

export interface ScorePartDeps {
  readonly columns: Columns;
  readonly blobs: Blobs;
  readonly sessions: Sessions<Signature>;
  readonly signal: Abort;
  readonly progress: (rows: number) => void;
  /** The members of a batch, by name; read once for all of its parts. */
  members(pinned: Digest): Promise<ReadonlyMap<string, PinnedMember>>;
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
    const answer = await openAnswerer(deps, { plan, signature, session });
    const rejected: string[] = [];
    let answered: AnsweredBy | undefined;
    let writer: TableWriter | undefined;
    let rows = 0;
    try {
      for await (const block of deps.columns.pieceBlocks(source, piece, input.unpacked)) {
        if (deps.signal.aborted) throw new MillwrightError("cancelled", "Scoring was cancelled.");
        const typed = type(block);
        const said = await answer(typed.table);
        const good = finiteRows(keptRows(block, typed.bad), said.scores);
        for (const bad of [...typed.bad, ...notFinite(block, good.odd)])
          rejected.push(JSON.stringify(bad));
        const { scores, at } = good;
        if (scores.rows === 0) continue;
        const table = saidColumns(signature, scores, {
          ...{ added, by: at === undefined ? said.by : shifted(said.by, at) },
          reasons: plan.reasons > 0 ? await said.reasons(at) : undefined,
        });
        writer ??= await deps.columns.writer(resultColumns(source, added, signature), {
          inMemory: source.names.length <= FEW_COLUMNS,
        });
        await writer.appendCells(block, good.rows, table);
        rows += scores.rows;
        const now = said.answered(at);
        answered = answered && now ? plusAnswered(answered, now) : now;
        deps.progress(rows);
      }
      const file = await writer?.finish();
      const data = file ? await deps.blobs.putFile(file.path) : null;
      await file?.discard();
      const aside = rejected.length > 0 ? utf8ToBytes(`${rejected.join("\n")}\n`) : undefined;
      const rejectedData = aside ? await deps.blobs.put(aside) : null;
      crashPoint("score:part-written");
      const counts = { rows, rejected: rejected.length };
      return { data, rejectedData, ...counts, ...(answered ? { answered } : {}) };
    } catch (error) {
      await writer?.abort();
      throw error;
    }
  });
}

function typedColumns({ columns }: Signature, plan: ScorePlan): TypedColumn[] {
  const { source, types, family } = plan;
  const places = new Map(source.names.map((name, at) => [name, at]));
  const own = new Set(columns.map(({ name }) => name));
  const others = family?.columns.filter(({ name }) => !own.has(name)) ?? [];
  return [...columns, ...others].map(({ name, role }) => ({
    name,
    type:
      types[name]?.type ?? (role === "numeric" ? "number" : role === "time" ? "time" : "string"),
    order: types[name]?.dateOrder ?? "dmy",
    at: places.get(name),
    // What only names members is no reason to set a row aside: it belongs to nobody.
    strict: role !== undefined,
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
  readonly scores: Scores;
  /** Places of these rows among those that were scored; undefined: all. */
  readonly at: readonly number[] | undefined;
  /** Of the block: rows to which the model's answer was no finite number. */
  readonly odd: readonly number[];
}

function finiteRows(rows: Int32Array, scores: Scores): GoodRows {
  const { width, values } = scores;
  const finite = (i: number) =>
    values.subarray(i * width, (i + 1) * width).every((value) => Number.isFinite(value));
  if (values.every((value) => Number.isFinite(value)))
    return { rows, scores, at: undefined, odd: [] };
  const at = Array.from(rows, (_, i) => i).filter(finite);
  const good = new Float64Array(at.length * width);
  for (const [to, i] of at.entries())
    good.set(values.subarray(i * width, (i + 1) * width), to * width);
  return {
    rows: Int32Array.from(at, (i) => rows[i]!),
    ...{ at, scores: { rows: at.length, width, values: good } },
    odd: Array.from(rows).filter((_, i) => !finite(i)),
  };
}

const shifted = ({ version, model, level }: SaidBy, at: readonly number[]): SaidBy => ({
  version: (i) => version(at[i]!),
  model: (i) => model(at[i]!),
  level: (i) => level(at[i]!),
});

const notFinite = ({ lines }: TextBlock, rows: readonly number[]): BadRow[] =>
  rows.map((row) => ({
    line: lines[row]!,
    reason: "the model's answer is no finite number",
    raw: "",
  }));
