import { confusionCounts, confusionEvaluator } from "../confusion.ts";
import type { Metric } from "./metric.ts";

/** Harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN); NaN when nothing is positive and nothing was called so. */
export const f1: Metric = {
  name: "f1",
  title: "F1",
  tasks: ["binary"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) => of(confusionCounts(scores, target, weights)),
  evaluator: (scores, target) => confusionEvaluator(scores, target, of),
};

const of = (counts: Float64Array): number =>
  (2 * counts[3]!) / (2 * counts[3]! + counts[1]! + counts[2]!);
