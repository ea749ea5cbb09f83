import type { Scores, Target } from "../lib/task.ts";

/** The scores of some rows, in that order. */
export function takeScores(scores: Scores, rows: ArrayLike<number>): Scores {
  const { width } = scores;
  const values = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++)
    for (let k = 0; k < width; k++) values[i * width + k] = scores.values[rows[i]! * width + k]!;
  return { rows: rows.length, width, values };
}

export const takeTarget = (target: Target, rows: ArrayLike<number>): Target =>
  Float64Array.from(rows, (row) => target[row]!);

/** Rows whose target is known. */
export function knownRows(target: Target): Uint32Array {
  const rows: number[] = [];
  for (let i = 0; i < target.length; i++) if (!Number.isNaN(target[i]!)) rows.push(i);
  return Uint32Array.from(rows);
}
