import type { Scores, Target } from "../lib/task.ts";
import type { Signature } from "../onnx/signature.ts";
import type { LoggedPrediction } from "../serving/read-log.ts";

/** The logged outputs as scores. */
export function scoresOf(predictions: readonly LoggedPrediction[], signature: Signature): Scores {
  const width = signature.task === "multiclass" ? signature.classes.length : 1;
  const values = new Float64Array(predictions.length * width);
  predictions.forEach((p, i) => {
    values.set(p.output.slice(0, width), i * width);
  });
  return { rows: predictions.length, width, values };
}

/** What really happened, NaN where nobody knows yet. */
export function truthsOf(predictions: readonly LoggedPrediction[], signature: Signature): Target {
  const index = new Map(signature.classes.map((name, i) => [name, i]));
  return Float64Array.from(predictions, ({ truth }) => {
    if (!truth) return Number.NaN;
    if (signature.task === "regression") return Number(truth.label);
    return index.get(String(truth.label)) ?? Number.NaN;
  });
}
