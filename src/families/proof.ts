import type { Task } from "../lib/task.ts";
import { studentSf } from "../stats/distributions.ts";
import { spreadOf } from "./loss.ts";

/**
 * One-sided: are the second losses lower? A paired t test; for two classes the larger p of it and of the likelihood ratio, whose
 * inverse bounds how often a right parent is beaten so clearly (Markov's inequality; Wasserman, Ramdas & Balakrishnan 2020). The
 * t test alone believes rows that are all of one class: there the loss hardly varies, and says nothing of the rows that are missing.
 */
export function proofOf(
  task: Task,
  parent: Float64Array,
  own: Float64Array,
): { readonly p: number; readonly gain: number } {
  const { n, mean, deviation } = spreadOf(parent.map((loss, i) => loss - own[i]!));
  if (n < 2 || !(mean > 0)) return { p: 1, gain: mean };
  const t = deviation === 0 ? 0 : studentSf(mean / (deviation / Math.sqrt(n)), n - 1);
  return { p: task === "binary" ? Math.max(t, Math.exp(-n * mean)) : t, gain: mean };
}
