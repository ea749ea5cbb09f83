import type { Digest } from "../lib/digest.ts";
import { rowsWhere } from "../lib/rows-where.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Columns } from "../storage/columns/columns.ts";
import { putJson } from "../storage/json-blob.ts";
import { numberColumn, type Table, takeRows } from "../table/table.ts";
import { sampleRows } from "../training/sample-rows.ts";
import { columnNamed, targetOf } from "../training/training-data.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import type { Chunk, ChunkMember, Enough, Levels } from "./family.ts";
import { type Group, membersOf } from "./groups.ts";
import { knownRows, PART, partsOf, TEST } from "./parts.ts";

export interface DivideInput {
  readonly spec: TrainingSpec;
  readonly data: Digest;
  readonly levels: Levels;
  readonly enough: Enough;
  /** Members by name; all when left out. */
  readonly only?: readonly string[] | undefined;
}

/** The rows of a family as it is trained. */
export interface Divided {
  /** A sample of the training rows of everybody, from which the features are learned. */
  readonly base: Digest;
  /** Blob of `Chunk[]`, level by level from the finest. */
  readonly levels: readonly { readonly chunks: Digest; readonly count: number }[];
  /** By level: members with rows enough to be drawn to a parent, and those with fewer. */
  readonly members: readonly number[];
  readonly thin: readonly number[];
  readonly rows: number;
  readonly testRows: number;
}

const BASE_ROWS = 20_000;
/** A chunk takes some seconds: long beside what a run costs, short beside a worker's death. */
const CHUNK_ROWS = 20_000;
const CHUNK_MEMBERS = 50;
/** While some chunks are packed the next is filled. */
const AT_ONCE = 4;
/** A member with more is learned from and judged on a sample: beyond, rows add little to what stands in for others. */
const MEMBER_ROWS = 50_000;

/** Sorts the rows by member on every level and keeps them as chunks. Holds the table in memory, and one chunk. */
export async function divide(
  deps: {
    readonly blobs: Pick<Blobs, "put" | "putFile">;
    readonly columns: Pick<Columns, "writer">;
    readonly loadTable: (data: Digest) => Promise<Table>;
  },
  input: DivideInput,
): Promise<Divided> {
  const { spec, levels } = input;
  const table = knownRows(spec, neededColumns(input, await deps.loadTable(input.data)));
  const target = targetOf(columnNamed(table, spec.target), spec.task, spec.classes);
  const parts = partsOf(spec, table, target);
  const marked: Table = {
    rows: table.rows,
    columns: new Map([...table.columns, [PART, numberColumn(parts)]]),
  };
  const keep = (rows: ArrayLike<number>) => keepRows(deps, takeRows(marked, rows));
  const training = rowsWhere(table.rows, (row) => parts[row] !== TEST);
  const base = await keep(sampleRows(training, BASE_ROWS, spec.seed));
  const only = input.only && new Set(input.only);
  const most = { rows: MEMBER_ROWS, seed: spec.seed };
  const grouped = levels.map((_, level) =>
    membersOf(table, parts, { ...input, family: spec.model, level, only, most }),
  );
  const divided: Divided["levels"][number][] = [];
  for (const [level, { members }] of grouped.entries()) {
    // The large ones first: nobody waits in the end for one that began late. The others stay beside those of the same parent.
    const size = (groups: readonly Group[]) => Math.ceil(rowsOf(groups) / CHUNK_ROWS);
    const sorted = [...chunked(members)].sort((a, b) => size(b) - size(a));
    const chunks: Chunk[] = [];
    while (chunks.length < sorted.length) {
      const some = sorted.slice(chunks.length, chunks.length + AT_ONCE);
      const kept = some.map(async (groups) => {
        return { level, rows: await keep(rowsTogether(groups)), members: placed(groups) };
      });
      chunks.push(...(await Promise.all(kept)));
    }
    divided.push({ chunks: await putJson(deps.blobs, chunks), count: chunks.length });
  }
  return {
    ...{ base, levels: divided, members: grouped.map(({ members }) => members.length) },
    thin: grouped.map(({ thin }) => thin),
    ...{ rows: table.rows, testRows: table.rows - training.length },
  };
}

/** The columns that are needed. */
function neededColumns({ spec, levels }: DivideInput, table: Table): Table {
  const names = new Set([
    ...spec.columns.map(({ name }) => name),
    ...levels.flat(),
    ...[spec.key, spec.time, spec.target].filter((name) => name !== undefined),
  ]);
  return {
    rows: table.rows,
    columns: new Map([...names].map((name) => [name, columnNamed(table, name)])),
  };
}

function* chunked(groups: readonly Group[]): Generator<Group[]> {
  let chunk: Group[] = [];
  let rows = 0;
  for (const group of groups) {
    if (chunk.length === CHUNK_MEMBERS || (rows > 0 && rows + group.rows.length > CHUNK_ROWS)) {
      yield chunk;
      chunk = [];
      rows = 0;
    }
    chunk.push(group);
    rows += group.rows.length;
  }
  if (chunk.length > 0) yield chunk;
}

const rowsOf = (groups: readonly Group[]): number =>
  groups.reduce((sum, { rows }) => sum + rows.length, 0);

function rowsTogether(groups: readonly Group[]): Uint32Array {
  const rows = new Uint32Array(rowsOf(groups));
  let at = 0;
  for (const group of groups) {
    rows.set(group.rows, at);
    at += group.rows.length;
  }
  return rows;
}

function placed(groups: readonly Group[]): ChunkMember[] {
  let from = 0;
  return groups.map(({ name, values, rows, train, test }) => {
    const member = { name, values, from, to: from + rows.length, train, test };
    from = member.to;
    return member;
  });
}

async function keepRows(
  { blobs, columns }: Pick<Parameters<typeof divide>[0], "blobs" | "columns">,
  table: Table,
): Promise<Digest> {
  const named = [...table.columns].map(([name, { type }]) => ({ name, type }));
  const writer = await columns.writer(named, { inMemory: true });
  await writer.append(table);
  const file = await writer.finish();
  try {
    return await blobs.putFile(file.path);
  } finally {
    await file.discard();
  }
}
