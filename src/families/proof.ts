import { studentSf } from "../stats/distributions.ts";
import { type Asked, spreadOf, weightsOf } from "./loss.ts";

/**
 * One-sided: are the second losses lower? A paired t test; for two classes the larger p of it and of the likelihood ratio, whose
 * inverse bounds how often a right parent is beaten so clearly (Markov's inequality; Wasserman, Ramdas & Balakrishnan 2020). The
 * t test alone believes rows that are all of one class: there the loss hardly varies, and says nothing of the rows that are missing.
 * Where classes have weights w, a right parent says p_y ~ w_y P(y). With v = w / max w, (q/p)^v <= 1 + v (q/p - 1) and the mean of
 * v_y (q_y/p_y - 1) is 0, so that the ratio of the losses divided by max w bounds the same.
 */
export function proofOf(
  asked: Asked,
  parent: Float64Array,
  own: Float64Array,
): { readonly p: number; readonly gain: number } {
  const { n, mean, deviation } = spreadOf(parent.map((loss, i) => loss - own[i]!));
  if (n < 2 || !(mean > 0)) return { p: 1, gain: mean };
  const t = deviation === 0 ? 0 : studentSf(mean / (deviation / Math.sqrt(n)), n - 1);
  const ratio = Math.exp((-n * mean) / Math.max(...weightsOf(asked)));
  return { p: asked.task === "binary" ? Math.max(t, ratio) : t, gain: mean };
}
