import type { Scores } from "../../lib/task.ts";
import type { Graph } from "../../onnx/graph.ts";

/**
 * What turns the probability a binary model says into one that comes true. `sigmoid`: 1 / (1 + e^-(slope margin + shift)) of the
 * margin ln(p / (1 - p)) (Platt 1999). `isotonic`: a line through the points (x[i], y[i]), ascending in both, flat outside
 * (Zadrozny & Elkan 2002).
 */
export type Calibration =
  | { readonly kind: "sigmoid"; readonly slope: number; readonly shift: number }
  | { readonly kind: "isotonic"; readonly x: readonly number[]; readonly y: readonly number[] };

/** Probabilities nearer to 0 or 1 than this have no margin that float32 could tell apart. */
export const EDGE = 1e-6;

export const marginOf = (p: number): number => {
  const inside = Math.max(EDGE, Math.min(1 - EDGE, p));
  return Math.log(inside / (1 - inside));
};

export function calibratedAt(calibration: Calibration, p: number): number {
  if (calibration.kind === "sigmoid")
    return 1 / (1 + Math.exp(-(calibration.slope * marginOf(p) + calibration.shift)));
  const { x, y } = calibration;
  let value = y[0]!;
  for (let i = 1; i < x.length; i++) {
    const width = x[i]! - x[i - 1]!;
    value += (y[i]! - y[i - 1]!) * (Math.max(0, Math.min(width, p - x[i - 1]!)) / width);
  }
  return value;
}

export const calibratedScores = (calibration: Calibration, scores: Scores): Scores => ({
  ...scores,
  values: scores.values.map((p) => calibratedAt(calibration, p)),
});

/** The same in the graph. `scores` and the result: float32 [N,2], the negative class first. */
export function emitCalibration(graph: Graph, scores: string, calibration: Calibration): string {
  const number = (value: number) => graph.constant("float32", [], [value]);
  const column = (i: number) =>
    graph.node("Gather", [scores, graph.constant("int64", [1], [i])], { axis: 1 });
  if (calibration.kind === "sigmoid") {
    const bounded = graph.node("Clip", [scores, number(EDGE), number(1 - EDGE)]);
    const log = graph.node("Log", [bounded]);
    // [slope, -slope; -slope, slope]: the margins of both classes, each the other's negative.
    const { slope, shift } = calibration;
    const turn = graph.constant("float32", [2, 2], [slope, -slope, -slope, slope]);
    const margins = graph.node("MatMul", [log, turn]);
    const shifts = graph.constant("float32", [1, 2], [-shift, shift]);
    return graph.node("Sigmoid", [graph.node("Add", [margins, shifts])]);
  }
  const { x, y } = calibration;
  const starts = x.slice(0, -1);
  const widths = starts.map((from, i) => x[i + 1]! - from);
  const rises = starts.map((_, i) => y[i + 1]! - y[i]!);
  const n = starts.length;
  let positive = graph.node("Mul", [column(1), number(0)]);
  positive = graph.node("Add", [positive, number(y[0]!)]);
  if (n > 0) {
    const past = graph.node("Sub", [column(1), graph.constant("float32", [1, n], starts)]);
    const shares = graph.node("Div", [past, graph.constant("float32", [1, n], widths)]);
    const bounded = graph.node("Clip", [shares, number(0), number(1)]);
    const rise = graph.node("MatMul", [bounded, graph.constant("float32", [n, 1], rises)]);
    positive = graph.node("Add", [rise, number(y[0]!)]);
  }
  const negative = graph.node("Sub", [number(1), positive]);
  return graph.node("Concat", [negative, positive], { axis: 1 });
}
