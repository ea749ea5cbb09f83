import type { Digest } from "../lib/digest.ts";
import type { Scores, Target } from "../lib/task.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Columns } from "../storage/columns/columns.ts";
import { type Column, numberColumn, type Table, takeRows } from "../table/table.ts";
import type { TrainingSpec } from "../training/training-spec.ts";

/** Names of the columns added to a reference: the model's scores (`score:0`, …) and the truth (number or class index). */
export const SCORE_COLUMN = "millwright:score:";
export const TARGET_COLUMN = "millwright:target";

/** More rows than this make no threshold sharper; the last ones are kept (the newest, where rows are in order of time). */
const MOST_ROWS = 20_000;

/** What normal looks like for this version: held-out rows, what it said about them and what was true. Monitoring compares windows with it. */
export async function keepReference(
  deps: { readonly blobs: Blobs; readonly columns: Columns },
  input: { readonly spec: TrainingSpec; readonly table: Table; readonly scores: Scores; readonly target: Target },
): Promise<Digest> {
  const { spec, scores } = input;
  const columns = new Map<string, Column>();
  for (const { name } of spec.columns) {
    const column = input.table.columns.get(name);
    if (column) columns.set(name, column);
  }
  for (let k = 0; k < scores.width; k++)
    columns.set(
      `${SCORE_COLUMN}${k}`,
      numberColumn(Float64Array.from({ length: scores.rows }, (_, i) => scores.values[i * scores.width + k]!)),
    );
  columns.set(TARGET_COLUMN, numberColumn(input.target));
  const first = Math.max(0, scores.rows - MOST_ROWS);
  const rows = Uint32Array.from({ length: scores.rows - first }, (_, i) => first + i);
  const table = takeRows({ rows: scores.rows, columns }, rows);
  const writer = await deps.columns.writer([...columns].map(([name, { type }]) => ({ name, type })));
  await writer.append(table);
  const { path } = await writer.finish();
  return deps.blobs.putFile(path);
}
