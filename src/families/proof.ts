import { studentSf } from "../stats/distributions.ts";
import { spreadOf } from "./loss.ts";

/**
 * One-sided paired t test: are the second losses lower? For members with few test rows the t distribution is as good as a
 * bootstrap and a thousand times cheaper; `proof.test.ts` shows its level on skewed losses of real size.
 */
export function proofOf(
  parent: Float64Array,
  own: Float64Array,
): { readonly p: number; readonly gain: number } {
  const { n, mean, deviation } = spreadOf(parent.map((loss, i) => loss - own[i]!));
  if (n < 2 || deviation === 0) return { p: mean > 0 && n > 1 ? 0 : 1, gain: mean };
  return { p: studentSf(mean / (deviation / Math.sqrt(n)), n - 1), gain: mean };
}
