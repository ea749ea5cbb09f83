import { totalVariation } from "../stats/divergence.ts";
import { empiricalMoments, empiricalQuantile } from "../stats/empirical.ts";
import { benjaminiHochberg } from "../stats/false-discovery.ts";
import type { ColumnProfile } from "../stats/profile.ts";
import {
  calibrateDrift,
  calibrationRows,
  type DriftCalibration,
  driftEvidence,
  driftStatistic,
  effectiveRows,
} from "./calibrated-drift.ts";
import { DEFAULT_CATEGORY_TEST, DEFAULT_NUMBER_TEST } from "./drift/all.ts";
import type { DriftTest } from "./drift/drift-test.ts";
import { psi } from "./drift/psi.ts";
import { wasserstein } from "./drift/wasserstein.ts";
import {
  type FeatureReference,
  type FeatureSample,
  referenceSample,
  sampleRows,
  windowSample,
} from "./reference.ts";

/** One feature (or the prediction) in one window against its reference. Plain JSON. */
export interface FeatureDrift {
  readonly feature: string;
  readonly rows: number;
  /** false: fewer than 100 known values; nothing is claimed then. */
  readonly enough: boolean;
  readonly test: string;
  readonly statistic: number;
  /** 99th percentile of chance at this window size. */
  readonly threshold: number;
  readonly p: number;
  /** Benjamini–Hochberg over the features of the window. */
  readonly adjustedP: number;
  /** How much it moved: standard deviations of the reference (numbers) or share of rows (categories). */
  readonly effect: number;
  readonly effectUnit: "sd" | "share";
  /** More than chance at this size, after correction for many features, and large enough to matter. */
  readonly drifted: boolean;
  /** Share of the model's importance; all features equal when the model's is not known. */
  readonly importance: number;
  /** effect x importance: what to look at first. */
  readonly impact: number;
  /** For those who must report it. */
  readonly psi: number;
  /** What changed, with numbers. */
  readonly words: string;
}

interface DriftRule {
  readonly minRows: number;
  readonly q: number;
  readonly floor: { readonly sd: number; readonly share: number };
}

const DEFAULT_DRIFT_RULE: DriftRule = {
  minRows: 100,
  q: 0.05,
  floor: { sd: 0.1, share: 0.02 },
};

/** Calibrations already made: kept by the caller for as long as the reference stays the same. */
export type CalibrationCache = Map<string, DriftCalibration>;

export interface WindowDriftInput {
  readonly references: Readonly<Record<string, FeatureReference>>;
  /** Profiles of the window's columns. Features without a profile, or of another type, are left out (schema checks name them). */
  readonly window: Readonly<Record<string, ColumnProfile>>;
  /** Share of the model's importance by feature; 0 for features it does not name. */
  readonly importance?: Readonly<Record<string, number>>;
  readonly cache: CalibrationCache;
  readonly seed: number;
  readonly rule?: DriftRule;
}

/** Drift of every feature of a window, largest impact first. Fills the cache. Deterministic for a seed. */
export function windowDrift(input: WindowDriftInput): readonly FeatureDrift[] {
  const rule = input.rule ?? DEFAULT_DRIFT_RULE;
  const measured = Object.entries(input.references).flatMap(([feature, reference]) => {
    const profile = input.window[feature];
    const window = profile === undefined ? undefined : windowSample(reference, profile);
    return window === undefined ? [] : [measure(input, rule, feature, reference, window)];
  });
  const { adjusted } = benjaminiHochberg(
    measured.map((d) => (d.enough ? d.p : Number.NaN)),
    rule.q,
  );
  return measured
    .map((d, i) => {
      const adjustedP = Number.isNaN(adjusted[i]!) ? 1 : adjusted[i]!;
      const floor = rule.floor[d.effectUnit];
      const drifted =
        d.enough && d.statistic > d.threshold && adjustedP <= rule.q && d.effect >= floor;
      return { ...d, adjustedP, drifted };
    })
    .sort(
      (a, b) => Number(b.drifted) - Number(a.drifted) || b.impact - a.impact || b.effect - a.effect,
    );
}

function measure(
  input: WindowDriftInput,
  rule: DriftRule,
  feature: string,
  reference: FeatureReference,
  window: FeatureSample,
): FeatureDrift {
  const known = referenceSample(reference);
  const rows = sampleRows(window);
  const test: DriftTest = known.type === "number" ? DEFAULT_NUMBER_TEST : DEFAULT_CATEGORY_TEST;
  const effectUnit = known.type === "number" ? "sd" : "share";
  const importance = input.importance
    ? (input.importance[feature] ?? 0)
    : 1 / Object.keys(input.references).length;
  const facts = { feature, rows, test: test.name, effectUnit, importance } as const;
  if (rows < rule.minRows)
    return {
      ...{ ...facts, enough: false, statistic: 0, threshold: 0, p: 1, adjustedP: 1 },
      ...{ effect: 0, drifted: false, impact: 0, psi: 0 },
      words: `${feature}: not enough data (${rows} known values, ${rule.minRows} needed)`,
    };
  const effective = effectiveRows(rows, sampleRows(known));
  const size = calibrationRows(effective);
  const key = `${feature}/${test.name}/${size}`;
  const calibration =
    input.cache.get(key) ?? calibrateDrift(test, known, size, `${input.seed}/${feature}`);
  input.cache.set(key, calibration);
  const evidence = driftEvidence(
    test,
    calibration,
    driftStatistic(test, known, window) ?? 0,
    effective,
    reference.inflation,
  );
  const effect = effectOf(known, window);
  return {
    ...{ ...facts, ...evidence, enough: true, adjustedP: 1, effect, drifted: false },
    impact: effect * importance,
    psi: stabilityIndex(known, window),
    words: changeInWords(feature, reference, known, window, effect),
  };
}

function effectOf(reference: FeatureSample, window: FeatureSample): number {
  if (reference.type === "number" && window.type === "number")
    return wasserstein.statistic(reference.distribution, window.distribution);
  if (reference.type === "category" && window.type === "category")
    return totalVariation(reference.counts, window.counts);
  return 0;
}

/** Numbers are cut at the tenths of the reference. */
function stabilityIndex(reference: FeatureSample, window: FeatureSample): number {
  if (reference.type === "category" && window.type === "category")
    return psi.statistic(reference.counts, window.counts);
  if (reference.type !== "number" || window.type !== "number") return 0;
  const edges = Array.from({ length: 9 }, (_, i) =>
    empiricalQuantile(reference.distribution, (i + 1) / 10),
  );
  const binned = ({ points, cumulative, rows }: typeof window.distribution) => {
    const counts = new Float64Array(10);
    for (let i = 0; i < points.length; i++) {
      const bin = edges.filter((edge) => points[i]! > edge).length;
      counts[bin] = counts[bin]! + (cumulative[i]! - (i === 0 ? 0 : cumulative[i - 1]!)) * rows;
    }
    return counts;
  };
  return psi.statistic(binned(reference.distribution), binned(window.distribution));
}

function changeInWords(
  feature: string,
  kept: FeatureReference,
  reference: FeatureSample,
  window: FeatureSample,
  effect: number,
): string {
  if (kept.type === "category" && reference.type === "category" && window.type === "category") {
    const [before, now] = [sampleRows(reference), sampleRows(window)];
    const moves = reference.counts
      .map((count, i) => ({
        value: kept.values[i] ?? "other values",
        from: count / before,
        to: window.counts[i]! / now,
      }))
      .sort((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from));
    const { value, from, to } = moves[0]!;
    return `${feature}: ${percent(effect)} of the rows changed value, most of all "${value}" ${percent(from)} -> ${percent(to)}`;
  }
  if (kept.type !== "number" || reference.type !== "number" || window.type !== "number")
    return feature;
  const [from, to] = [reference, window].map((s) => empiricalMoments(s.distribution).mean);
  const of = kept.of === "length" ? "mean length" : "mean";
  return `${feature}: moved by ${number(effect)} standard deviations, ${of} ${number(from!)} -> ${number(to!)}`;
}

const percent = (share: number): string => `${number(100 * share)} %`;
const number = (x: number): string => x.toLocaleString("en-US", { maximumSignificantDigits: 3 });
