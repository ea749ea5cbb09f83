import type { Target } from "../../lib/task.ts";
import type { Graph } from "../../onnx/graph.ts";

/** How a regression target is brought to mean 0 and deviation 1 for fitting, and back. */
export interface TargetScale {
  readonly mean: number;
  readonly deviation: number;
  /** Fitted as log(1 + y). */
  readonly log: boolean;
  readonly scaled: Target;
  scale(y: number): number;
}

/** Largest exponent on the way back: predictions stay finite in float32. */
const MAX_LOG = 80;

/** A target below 0 has no logarithm: `log` then means `plain`. */
export function scaleOf(
  target: Target,
  kind: "plain" | "log",
  weights?: Float64Array,
): TargetScale {
  const log = kind === "log" && target.every((y) => y >= 0);
  const values = log ? target.map(Math.log1p) : target.slice();
  let [total, mean, variance] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) total += weights?.[i] ?? 1;
  for (let i = 0; i < values.length; i++) mean += ((weights?.[i] ?? 1) * values[i]!) / total;
  for (let i = 0; i < values.length; i++)
    variance += ((weights?.[i] ?? 1) * (values[i]! - mean) ** 2) / total;
  const deviation = variance > 0 ? Math.sqrt(variance) : 1;
  const scale = (y: number) => ((log ? Math.log1p(Math.max(y, 0)) : y) - mean) / deviation;
  return { mean, deviation, log, scale, scaled: target.map(scale) };
}

/** From what was fitted back to the target. With `log` the prediction is of the median, never below 0. */
export const unscaled =
  ({ mean, deviation, log }: TargetScale) =>
  (z: number): number => {
    const y = z * deviation + mean;
    return log ? Math.exp(Math.max(0, Math.min(MAX_LOG, y))) - 1 : y;
  };

/** The same in the graph; `z` and the result are float32 [N,1]. */
export function emitScale(graph: Graph, z: string, { mean, deviation, log }: TargetScale): string {
  const number = (value: number) => graph.constant("float32", [], [value]);
  const product = graph.node("Mul", [z, number(deviation)]);
  const y = graph.node("Add", [product, number(mean)]);
  if (!log) return y;
  const bounded = graph.node("Min", [graph.node("Max", [y, number(0)]), number(MAX_LOG)]);
  return graph.node("Sub", [graph.node("Exp", [bounded]), number(1)]);
}
