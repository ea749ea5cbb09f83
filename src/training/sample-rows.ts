import { random } from "../lib/random.ts";

/** At most `max` of the rows, ascending; the same for the same seed. */
export function sampleRows(rows: Uint32Array, max: number, seed: number): Uint32Array {
  if (rows.length <= max) return rows;
  return random(seed).split("rows").shuffle(rows.slice()).subarray(0, max).sort();
}
