import { sampleRows } from "../training/sample-rows.ts";

/** More rows say nothing more of who is better, and take as long as the fits. */
const MOST = 200_000;

/** The rows of a fold by which all candidates of a race are judged; ascending. */
export const judgingRows = (held: Uint32Array, seed: number): Uint32Array =>
  sampleRows(held, MOST, seed);
