import { digestOfJson } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import { resultColumns } from "../scoring/added-columns.ts";
import {
  type Capacity,
  capacityOf,
  type ForwardedRow,
  type Forwarding,
  periodStart,
} from "../scoring/forwarding.ts";
import { highest, type Ranked } from "../scoring/highest.ts";
import type { Part, ScoringStore } from "../scoring/store.ts";
import type { WrittenColumn } from "../storage/columns/columns.ts";
import { type Column, numberColumn, type Table, takeRows } from "../table/table.ts";
import type { BatchPlan } from "./plan-scoring.ts";
import type { Platform } from "./platform.ts";
import type { ScoreInput } from "./score.ts";

export interface Forwarded {
  readonly rows: number;
  /** Absolute path of the list, the highest score first; null when there is no row for it. */
  readonly file: string | null;
  readonly to: string | null;
  /** Of the period that paid, what is left after this run; null for a mere list. */
  readonly capacityLeft: number | null;
}

type Deps = Pick<Platform, "scoring" | "columns" | "blobs" | "clock" | "transact">;
type Input = ScoreInput & { readonly plan: BatchPlan; readonly runId: string };

/** The highest scores of a finished batch as a list of their own; with `forward`, remembered so that nobody gets a row twice. */
export async function forwardRows(deps: Deps, input: Input): Promise<Forwarded> {
  const { plan, top, forward } = input;
  const parts = (await deps.scoring.parts(plan.batch.id)).filter(({ scored }) => scored?.data);
  const capacity = forward && capacityOf(forward.capacity);
  const chosen =
    forward && capacity
      ? await handOn(deps, { ...input, parts, capacity, to: forward.to, most: top })
      : { rows: await highestRows(deps, plan, parts, top ?? 0), left: null };
  const file = chosen.rows.length === 0 ? null : await writeList(deps, input, parts, chosen.rows);
  return { rows: chosen.rows.length, file, to: forward?.to ?? null, capacityLeft: chosen.left };
}

/** The first rows of a batch's parts, by score. */
async function highestRows(
  { columns, blobs }: Pick<Platform, "columns" | "blobs">,
  { scoring }: BatchPlan,
  parts: readonly Part[],
  most: number,
): Promise<Ranked[]> {
  const name = scoring.added.outputs[0] ?? scoring.added.label;
  const best = highest(most);
  let place = 0;
  for (const { scored } of parts) {
    const path = await blobs.localPath(scored!.data!);
    for await (const table of columns.scan(path, { columns: [name] })) {
      const scores = table.columns.get(name);
      if (scores?.type !== "number") continue;
      for (let i = 0; i < table.rows; i++) best.add(scores.values[i]!, place++);
    }
  }
  return best.ranked();
}

/**
 * Takes as many rows as the period has room for, none of which was handed on for this version before: one transaction, one at a
 * time for model and destination. Repeated by the same run it gives the same rows.
 */
async function handOn(
  deps: Deps,
  input: Input & {
    readonly parts: readonly Part[];
    readonly capacity: Capacity;
    readonly to: string;
    readonly most: number | undefined;
  },
): Promise<{ readonly rows: readonly Ranked[]; readonly left: number }> {
  const { plan, parts, capacity, to, runId } = input;
  const { model, version } = plan.scoring;
  const at = deps.clock.now();
  return deps.transact(async ({ scoring, announce }) => {
    const period = periodStart(capacity, at);
    const forwarding: Forwarding = { model, version: version.id, destination: to, period };
    await scoring.lockForwarding(forwarding);
    const before = await scoring.forwardedBy(runId);
    const room = Math.max(0, capacity.rows - (await scoring.forwardedIn(forwarding)));
    if (before.length > 0) return { rows: before, left: room };
    const wanted = Math.min(room, input.most ?? room);
    const rows = await freshRows(deps, { plan, parts, wanted, scoring, forwarding });
    const left = room - rows.length;
    if (rows.length === 0) return { rows, left };
    await scoring.forward(forwarding, runId, rows);
    const said = { runId, version: version.number, to, rows: rows.length, file: listName(input) };
    await announce("rows.forwarded", model, said as Json, at);
    return { rows, left };
  });
}

/** The highest rows of which none was handed on before: looks further down as long as too many of them were. */
async function freshRows(
  deps: Deps,
  input: {
    readonly plan: BatchPlan;
    readonly parts: readonly Part[];
    readonly wanted: number;
    readonly scoring: ScoringStore;
    readonly forwarding: Forwarding;
  },
): Promise<ForwardedRow[]> {
  const { plan, parts, wanted, scoring, forwarding } = input;
  if (wanted === 0) return [];
  for (let look = 2 * wanted; ; look *= 4) {
    const ranked = await highestRows(deps, plan, parts, look);
    const named = await rowIds(deps, plan, parts, ranked);
    const known = await scoring.forwardedAmong(
      forwarding,
      named.map((row) => row.rowId),
    );
    const fresh: ForwardedRow[] = [];
    for (const row of named) {
      if (fresh.length === wanted) break;
      // A key may stand in several rows: the highest of them counts.
      if (!known.has(row.rowId)) fresh.push(row);
      known.add(row.rowId);
    }
    if (fresh.length === wanted || ranked.length < look) return fresh;
  }
}

/** What the rows are called: by their key, or else by the digest of their file and their place among its rows. */
async function rowIds(
  deps: Pick<Platform, "columns" | "blobs">,
  { key, scoring }: BatchPlan,
  parts: readonly Part[],
  ranked: readonly Ranked[],
): Promise<ForwardedRow[]> {
  const found = new Map<number, string>();
  const names = key === undefined ? [] : [key];
  const inFile = new Map<number, number>();
  for (const { part, first, rows } of rowsByPart(parts, ranked)) {
    const { file } = part.piece;
    if (!inFile.has(file)) inFile.set(file, first);
    if (rows.length === 0) continue;
    const texts = names.length > 0 ? await readRows(deps, part, { rows, first, names }) : undefined;
    const column = texts?.columns.get(key ?? "");
    rows.forEach((place, i) => {
      const named = column && cellText(column, i);
      const { digest } = scoring.source.files[file]!;
      found.set(place, named ?? digestOfJson([digest, place - inFile.get(file)!]));
    });
  }
  return ranked.map(({ score, place }) => ({ score, place, rowId: found.get(place)! }));
}

function cellText(column: Column, row: number): string | undefined {
  if (column.type !== "string") {
    const value = column.values[row]!;
    return Number.isNaN(value) ? undefined : String(value);
  }
  return column.dictionary[column.codes[row]!] || undefined;
}

/** Each part with the place of its first row and the wanted places within it, ascending. */
function* rowsByPart(parts: readonly Part[], ranked: readonly Ranked[]) {
  const places = ranked.map(({ place }) => place).sort((a, b) => a - b);
  let first = 0;
  let next = 0;
  for (const part of parts) {
    const end = first + part.scored!.rows;
    const from = next;
    while (next < places.length && places[next]! < end) next++;
    yield { part, first, rows: places.slice(from, next) };
    first = end;
  }
}

async function readRows(
  { columns, blobs }: Pick<Platform, "columns" | "blobs">,
  { scored }: Part,
  wanted: {
    readonly rows: readonly number[];
    readonly first: number;
    readonly names?: readonly string[];
  },
): Promise<Table> {
  const path = await blobs.localPath(scored!.data!);
  const selection = wanted.names ? { columns: wanted.names } : {};
  const table = await columns.readTable(path, selection);
  return takeRows(
    table,
    wanted.rows.map((place) => place - wanted.first),
  );
}

const listName = ({ out }: Pick<ScoreInput, "out">): string =>
  out.replace(/\.[^.]+$/, (end) => `.forwarded${end}`);

/** The chosen rows with all their columns, by rank, in a file beside the result and of its kind. */
async function writeList(
  deps: Deps,
  input: Input,
  parts: readonly Part[],
  ranked: readonly Ranked[],
): Promise<string> {
  const { plan } = input;
  const { source, added } = plan.scoring;
  const kept = resultColumns(source, added, plan);
  const names = new Set(kept.map(({ name }) => name.toLowerCase()));
  const rank = names.has("rank") ? "forwarded_rank" : "rank";
  const order = new Map(ranked.map(({ place }, i) => [place, i + 1]));
  const specs: WrittenColumn[] = [{ name: rank, type: "number", as: "INTEGER" }];
  let writer: Awaited<ReturnType<Platform["columns"]["writer"]>> | undefined;
  for (const { part, first, rows } of rowsByPart(parts, ranked)) {
    if (rows.length === 0) continue;
    const table = await readRows(deps, part, { rows, first });
    const ranks = numberColumn(rows.map((place) => order.get(place)!));
    const columns = new Map<string, Column>([[rank, ranks], ...table.columns]);
    if (specs.length === 1)
      for (const [name, { type }] of table.columns) {
        const as = kept.find((column) => column.name === name)?.as;
        specs.push(as === undefined ? { name, type } : { name, type, as });
      }
    writer ??= await deps.columns.writer(specs, { orderBy: rank });
    await writer.append({ rows: rows.length, columns });
  }
  const file = await writer!.finish();
  const to = listName(input);
  await deps.columns.publish([file.path], { to, token: input.runId });
  await file.discard();
  return to;
}
