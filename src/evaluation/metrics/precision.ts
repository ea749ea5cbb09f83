import { wilson } from "../../stats/intervals.ts";
import { confusionCounts, confusionEvaluator } from "../confusion.ts";
import type { Metric } from "./metric.ts";

/** Share of the rows called positive that are positive; NaN when none was called positive. */
export const precision: Metric = {
  name: "precision",
  title: "Precision",
  tasks: ["binary"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) => of(confusionCounts(scores, target, weights)),
  evaluator: (scores, target) => confusionEvaluator(scores, target, of),

  interval(scores, target) {
    const counts = confusionCounts(scores, target);
    const n = counts[3]! + counts[1]!;
    const { value, lower, upper } = wilson(counts[3]!, n);
    return { lower, upper, standardError: Math.sqrt((value * (1 - value)) / n) };
  },
};

const of = (counts: Float64Array): number => counts[3]! / (counts[3]! + counts[1]!);
