import type { Scores, Task } from "../../lib/task.ts";
import type { Graph } from "../../onnx/graph.ts";
import { emitScale, type TargetScale, unscaled } from "./target-scale.ts";

/** From margins (rows x outputs) to scores: sigmoid, softmax, or back to the target's scale. */
export function scoresOf(
  margins: Float64Array,
  outputs: number,
  task: Task,
  scale: TargetScale | undefined,
): Scores {
  const rows = margins.length / outputs;
  if (scale) return { rows, width: 1, values: margins.map(unscaled(scale)) };
  if (task === "binary")
    return { rows, width: 1, values: margins.map((m) => 1 / (1 + Math.exp(-m))) };
  const values = new Float64Array(margins.length);
  for (let i = 0; i < rows; i++) {
    const row = margins.subarray(i * outputs, (i + 1) * outputs);
    const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += Math.exp(row[k]! - top);
    for (let k = 0; k < outputs; k++) values[i * outputs + k] = Math.exp(row[k]! - top) / sum;
  }
  return { rows, width: outputs, values };
}

/** The same in the graph; binary gives both classes, [N,2]. */
export function emitScores(
  graph: Graph,
  margins: string,
  task: Task,
  scale: TargetScale | undefined,
): string {
  if (scale) return emitScale(graph, margins, scale);
  if (task === "multiclass") return graph.node("Softmax", [margins], { axis: 1 });
  const both = graph.node("Mul", [margins, graph.constant("float32", [1, 2], [-1, 1])]);
  return graph.node("Sigmoid", [both]);
}
