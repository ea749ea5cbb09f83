import { distinctCount } from "../stats/distinct-sketch.ts";
import { type Empirical, empirical } from "../stats/empirical.ts";
import type { FrequentValues } from "../stats/frequent-values.ts";
import type { ColumnProfile, StringProfile } from "../stats/profile.ts";
import { type QuantileSketch, sketchedDistribution } from "../stats/quantile-sketch.ts";

/**
 * What a feature looked like when the model was trained, made from its profile; and a window's profile read the same way. Numbers keep
 * their quantile sketch. Categories keep the 50 most frequent values and "other": rare values come and go by
 * chance and would drown a change of the common ones (measured: power 21 % -> 65 % at 200 categories, 2,000 rows). Texts are
 * watched by their length. Times move by nature and are not watched.
 */
export type FeatureReference = NumberReference | CategoryReference;

interface NumberReference {
  readonly type: "number";
  /** Of what the numbers are: the values, or the lengths of texts. */
  readonly of: "value" | "length";
  readonly rows: number;
  readonly missing: number;
  readonly inflation?: number;
  readonly sketch: QuantileSketch;
}

interface CategoryReference {
  readonly type: "category";
  readonly rows: number;
  readonly missing: number;
  /** How much more its own windows vary than independent rows would (own-variation.ts); 1 when absent. */
  readonly inflation?: number;
  readonly values: readonly string[];
  /** Of `values`, then of all others. */
  readonly counts: readonly number[];
}

/** Rows of a feature over comparable cells or as a distribution: what drift tests compare. */
export type FeatureSample =
  | { readonly type: "number"; readonly distribution: Empirical }
  | { readonly type: "category"; readonly counts: readonly number[] };

const TOP = 50;

/** undefined: not watched (times, and columns without any value). `role` decides between category and text where it is known. */
export function featureReference(
  profile: ColumnProfile,
  role?: "category" | "text",
): FeatureReference | undefined {
  const { rows, missing } = profile;
  if (profile.type === "time" || rows === missing) return undefined;
  if (profile.type !== "string")
    return { type: "number", of: "value", rows, missing, sketch: profile.quantiles };
  if ((role ?? guessedRole(profile)) === "text")
    return { type: "number", of: "length", rows, missing, sketch: profile.lengthQuantiles };
  const values = profile.values.counts.slice(0, TOP).map(([value]) => value);
  return {
    type: "category",
    rows,
    missing,
    values,
    counts: countsOver(values, profile.values, rows - missing),
  };
}

export function referenceSample(reference: FeatureReference): FeatureSample {
  return reference.type === "category"
    ? { type: "category", counts: reference.counts }
    : { type: "number", distribution: sketchedDistribution(reference.sketch) };
}

/** A window's profile in the reference's terms; undefined when the window's type differs (a schema problem, not drift). */
export function windowSample(
  reference: FeatureReference,
  window: ColumnProfile,
): FeatureSample | undefined {
  if (reference.type === "category") {
    if (window.type !== "string") return undefined;
    const known = window.rows - window.missing;
    return { type: "category", counts: countsOver(reference.values, window.values, known) };
  }
  if (reference.of === "length")
    return window.type === "string" ? numbers(window.lengthQuantiles) : undefined;
  return window.type === "number" ? numbers(window.quantiles) : undefined;
}

export const sampleRows = (sample: FeatureSample): number =>
  sample.type === "number"
    ? sample.distribution.rows
    : sample.counts.reduce((sum, count) => sum + count, 0);

const numbers = (sketch: QuantileSketch): FeatureSample => ({
  type: "number",
  distribution: sketch.n === 0 ? empirical([]) : sketchedDistribution(sketch),
});

function countsOver(values: readonly string[], found: FrequentValues, rows: number): number[] {
  const counts = new Map(found.counts);
  const listed = values.map((value) => counts.get(value) ?? 0);
  return [...listed, rows - listed.reduce((sum, count) => sum + count, 0)];
}

/** Mostly distinct values, or long ones: text. */
function guessedRole({ distinct, rows, missing, lengths }: StringProfile): "category" | "text" {
  return distinctCount(distinct) > (rows - missing) / 2 || lengths.mean > 40 ? "text" : "category";
}
