import { parentInput, tableWithParent } from "../families/over-parent.ts";
import type { Digest } from "../lib/digest.ts";
import type { Task } from "../lib/task.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Sessions } from "../runtime/sessions.ts";
import { isUnloadable } from "../runtime/unloadable.ts";
import type { RoutedVersion } from "../serving/route.ts";
import { type Table, takeRows } from "../table/table.ts";
import { scoreRows } from "./score-rows.ts";

/** A file, and that on which it stands: a `ModelFile` or a `RoutedVersion`. */
type File = Pick<RoutedVersion, "onnx" | "over">;

/** A file and the rows of a table it is asked about. */
export interface Asked {
  readonly file: File;
  readonly rows: readonly number[];
}

export interface Said {
  /** By row of the table; NaN where no file was asked, or none could be loaded. */
  readonly values: Float64Array;
  /** The input `#parent` of the file that was asked; NaN where it has none. */
  readonly parents: Float64Array;
  /** Rows whose file, or one that it stands on, could not be loaded. */
  readonly unanswered: readonly number[];
}

export interface ScoreFilesDeps {
  readonly sessions: Sessions<Signature>;
  /** Files that could not be loaded: they are not tried again. */
  readonly unloadable: Set<Digest>;
}

/**
 * What many files say about the rows of a table, each row asked of one of them: `scoreOver` for tables. A file on which several stand
 * is asked once, about all of their rows. Those that are loaded come first: where a shelf is too small for all, it then helps some.
 */
export async function scoreFiles(
  deps: ScoreFilesDeps,
  input: { readonly task: Task; readonly table: Table; readonly asked: readonly Asked[] },
): Promise<Said> {
  const { task, table } = input;
  const values = new Float64Array(table.rows).fill(Number.NaN);
  const parents = new Float64Array(table.rows).fill(Number.NaN);
  const files = mergedByFile(input.asked);
  const standOn = files.flatMap(({ file: { over }, rows }) => (over ? [{ file: over, rows }] : []));
  const under =
    standOn.length === 0 ? undefined : await scoreFiles(deps, { task, table, asked: standOn });
  const lost = new Set(under?.unanswered);
  const loaded = ({ file }: Asked) => Number(deps.sessions.isLoaded(file.onnx));
  const unanswered: number[] = [];
  for (const { file, rows } of files.sort((a, b) => loaded(b) - loaded(a))) {
    const able = file.over ? rows.filter((row) => !lost.has(row)) : rows;
    if (able.length < rows.length) unanswered.push(...rows.filter((row) => lost.has(row)));
    if (file.over) for (const row of able) parents[row] = parentInput(task, under!.values[row]!);
    const scores = await scoresOf(deps, file, rowsOver(file, { table, parents, rows: able }));
    if (scores === undefined) for (const row of able) unanswered.push(row);
    else for (const [i, row] of able.entries()) values[row] = scores[i]!;
  }
  return { values, parents, unanswered };
}

/** Rows as a file reads them: with what its parent says, where it has one. */
export function rowsOver(
  { over }: Pick<File, "over">,
  input: {
    readonly table: Table;
    readonly parents: Float64Array;
    readonly rows: readonly number[];
  },
): Table {
  const { table, parents, rows } = input;
  const own = rows.length === table.rows ? table : takeRows(table, rows);
  return over === undefined
    ? own
    : tableWithParent(
        own,
        Float64Array.from(rows, (row) => parents[row]!),
      );
}

/** undefined: the file cannot be loaded. */
async function scoresOf(
  { sessions, unloadable }: ScoreFilesDeps,
  { onnx }: File,
  table: Table,
): Promise<Float64Array | undefined> {
  if (unloadable.has(onnx)) return undefined;
  if (table.rows === 0) return new Float64Array(0);
  try {
    return await sessions.use(onnx, async ({ session, about: signature }) => {
      return (await scoreRows(session, { signature, table })).values;
    });
  } catch (error) {
    if (!isUnloadable(error)) throw error;
    unloadable.add(onnx);
    return undefined;
  }
}

/** Each file once, its rows in order. */
function mergedByFile(asked: readonly Asked[]): Asked[] {
  const byFile = new Map<string, { file: File; rows: number[] }>();
  for (const { file, rows } of asked) {
    const key = keyOf(file);
    const known = byFile.get(key);
    if (known === undefined) byFile.set(key, { file, rows: [...rows] });
    else for (const row of rows) known.rows.push(row);
  }
  return [...byFile.values()].map(({ file, rows }) => ({ file, rows: rows.sort((a, b) => a - b) }));
}

const keyOf = ({ onnx, over }: File): string => (over ? `${onnx}/${keyOf(over)}` : onnx);
