import { confusionCounts, confusionEvaluator } from "../confusion.ts";
import type { Metric } from "./metric.ts";

/** F1 of each class, averaged with equal weight: small classes count as much as large ones. Classes neither present nor said are left out (scikit-learn does the same). */
export const macroF1: Metric = {
  name: "macro_f1",
  title: "Macro F1",
  tasks: ["multiclass"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) => of(confusionCounts(scores, target, weights)),
  evaluator: (scores, target) => confusionEvaluator(scores, target, of),
};

function of(counts: Float64Array): number {
  const classes = Math.sqrt(counts.length);
  let sum = 0;
  let used = 0;
  for (let k = 0; k < classes; k++) {
    let row = 0;
    let column = 0;
    for (let j = 0; j < classes; j++) {
      row += counts[k * classes + j]!;
      column += counts[j * classes + k]!;
    }
    if (row + column === 0) continue;
    used += 1;
    sum += (2 * counts[k * classes + k]!) / (row + column);
  }
  return sum / used;
}
