import { rowsWhere } from "../lib/rows-where.ts";
import type { Scores, Target } from "../lib/task.ts";

/** The scores of some rows, in that order. */
export function takeScores(scores: Scores, rows: ArrayLike<number>): Scores {
  const { width } = scores;
  const values = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++)
    for (let k = 0; k < width; k++) values[i * width + k] = scores.values[rows[i]! * width + k]!;
  return { rows: rows.length, width, values };
}

/** Rows whose target is known. */
export const knownRows = (target: Target): Uint32Array =>
  rowsWhere(target.length, (row) => !Number.isNaN(target[row]!));
