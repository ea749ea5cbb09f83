import { type Report, reportedMetric } from "../evaluation/report.ts";
import { valueInWords } from "../evaluation/wording.ts";
import { random } from "../lib/random.ts";
import { bootstrapReplicates, drawCounts, percentileInterval } from "../stats/bootstrap.ts";
import { mean } from "../stats/descriptive.ts";
import { type Isotonic, isotonic, isotonicAt } from "../stats/isotonic.ts";
import { ascendingOrder } from "../stats/ranks.ts";
import type { FeatureDrift } from "./window-drift.ts";

/**
 * How good the model probably is on rows without labels. It can see a changed mix of easy and hard rows; it cannot see that the
 * same rows now mean something else (concept drift), and says so. `known: false` when the window lies outside what the model has seen.
 */
export interface EstimatedPerformance {
  readonly metric: string;
  readonly known: boolean;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly words: string;
}

const REPLICATES = 200;
const BLIND = "cannot see a changed relation between inputs and outcome";

/**
 * Confidence-based estimation (CBPE; NannyML): if the probabilities are honest, they say how often they are right. Probabilities are
 * first corrected by the evaluation's calibration bins (isotonic) when it found them off by more than 0.02.
 * Returns AUC and accuracy with 95 % ranges of what labels would show (drawn outcomes on resampled rows).
 */
export function estimatedBinaryPerformance(input: {
  readonly report: Report;
  /** Probabilities of the positive class in the window. */
  readonly probabilities: Float64Array;
  readonly drift: readonly FeatureDrift[];
  readonly seed: number;
}): readonly EstimatedPerformance[] {
  const raw = input.probabilities;
  const honest = corrected(input.report, raw);
  const rows = raw.length;
  const right = honest.map((p, i) => (raw[i]! >= 0.5 ? p : 1 - p));
  const pairs = orderedPairs(raw);
  const rng = random(input.seed).split("cbpe");
  const counts = new Float64Array(rows);
  const [positive, negative] = [new Float64Array(rows), new Float64Array(rows)];
  const [aucs, accuracies] = [new Float64Array(REPLICATES), new Float64Array(REPLICATES)];
  for (let b = 0; b < REPLICATES; b++) {
    drawCounts(rng, counts);
    let hits = 0;
    for (let i = 0; i < rows; i++) {
      const happened = rng.next() < honest[i]!;
      positive[i] = happened ? counts[i]! : 0;
      negative[i] = happened ? 0 : counts[i]!;
      if (happened === raw[i]! >= 0.5) hits += counts[i]!;
    }
    aucs[b] = pairs(positive, negative, 0);
    accuracies[b] = hits / rows;
  }
  const itself = honest.reduce((sum, p) => sum + p * (1 - p), 0);
  const expected = pairs(
    honest,
    honest.map((p) => 1 - p),
    itself,
  );
  return [
    estimated("auc", expected, aucs, input),
    estimated("accuracy", mean(right), accuracies, input),
  ].filter((e) => Number.isFinite(e.value));
}

/**
 * For regression, in the manner of direct loss estimation: the evaluation's mean absolute error per tenth of the predictions,
 * averaged over the window's predictions. Sees a move towards predictions that err more; beyond the largest and smallest
 * prediction of the evaluation it does not know.
 */
export function estimatedRegressionError(input: {
  readonly report: Report;
  readonly predictions: Float64Array;
  readonly drift: readonly FeatureDrift[];
  readonly seed: number;
}): EstimatedPerformance | undefined {
  const bins = input.report.residuals?.byPrediction ?? [];
  if (bins.length === 0 || input.predictions.length === 0) return undefined;
  const errors = input.predictions.map(
    (value) => (bins.find((bin) => value <= bin.upTo) ?? bins.at(-1)!).mae,
  );
  const replicates = bootstrapReplicates({
    rows: errors.length,
    resamples: REPLICATES,
    rng: random(input.seed).split("dle"),
    statistic: (counts) => counts.reduce((sum, c, i) => sum + c * errors[i]!, 0) / errors.length,
  });
  const rng = random(input.seed).split("bins");
  // The error of a tenth is itself known from its rows only: absolute errors spread about 0.75 of their mean.
  const noise = 0.75 / Math.sqrt(bins.reduce((sum, bin) => sum + bin.rows, 0));
  const widened = replicates.map((r) => r * (1 + noise * rng.normal()));
  return estimated("mae", mean(errors), widened, input);
}

function corrected(report: Report, probabilities: Float64Array): Float64Array {
  const bins = report.calibration ?? [];
  const off = reportedMetric(report, "ece")?.value ?? 0;
  if (off <= 0.02 || bins.length < 2) return probabilities;
  const map: Isotonic = isotonic(
    bins.map((b) => b.predicted),
    bins.map((b) => b.observed),
    bins.map((b) => b.rows),
  );
  return probabilities.map((p) => isotonicAt(map, p));
}

/**
 * AUC of fixed scores for any positive and negative weights of the rows: Σ pos_i neg_j over pairs i above j, ties half. `itself`, the
 * summed pos_i neg_i, takes out the pairs of a row with itself. Sorts once.
 */
function orderedPairs(
  scores: Float64Array,
): (positive: Float64Array, negative: Float64Array, itself: number) => number {
  const order = ascendingOrder(scores);
  const ends = Uint8Array.from(order, (row, i) =>
    i + 1 === order.length || scores[row] !== scores[order[i + 1]!] ? 1 : 0,
  );
  return (positive, negative, itself) => {
    let [won, positives, below, tiedPositive, tiedNegative] = [0, 0, 0, 0, 0];
    for (let i = 0; i < order.length; i++) {
      tiedPositive += positive[order[i]!]!;
      tiedNegative += negative[order[i]!]!;
      if (ends[i] === 0) continue;
      won += tiedPositive * (below + tiedNegative / 2);
      positives += tiedPositive;
      below += tiedNegative;
      tiedPositive = 0;
      tiedNegative = 0;
    }
    return (won - itself / 2) / (positives * below - itself);
  };
}

function estimated(
  metric: string,
  value: number,
  replicates: Float64Array,
  { report, drift }: { readonly report: Report; readonly drift: readonly FeatureDrift[] },
): EstimatedPerformance {
  const { lower, upper } = percentileInterval(value, replicates);
  const outside = drift.find(
    (d) => d.drifted && d.effect >= (d.effectUnit === "sd" ? 1 : 0.5) && d.impact > 0,
  );
  const facts = { metric, value, lower, upper };
  if (outside !== undefined)
    return {
      ...facts,
      known: false,
      words: `${metric} cannot be known without labels: ${outside.words}, outside what the model was tested on`,
    };
  const before = reportedMetric(report, metric)?.value;
  const promised = before === undefined ? "" : `, ${valueInWords(before)} was promised`;
  return {
    ...facts,
    known: true,
    words: `${metric} is estimated at ${valueInWords(value)} (95 %: ${valueInWords(lower)} to ${valueInWords(upper)}) without labels${promised}; this ${BLIND}`,
  };
}
