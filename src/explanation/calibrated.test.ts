import { expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { withCalibration } from "../training/calibration/calibrate.ts";
import type { Calibration } from "../training/calibration/calibration.ts";
import { fitCandidate } from "../training/candidate.ts";
import { exportOnnx } from "../training/export-onnx.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { explainRows } from "./explain-rows.ts";
import { openExplainer } from "./open-explainer.ts";

const ROWS = 300;
const rng = random(5);
const column = () => Float64Array.from({ length: ROWS }, () => rng.normal());
const [a, b] = [column(), column()];
const target = a.map((x, i) => Number(x - b[i]! + rng.normal() > 0));
const table = {
  rows: ROWS,
  columns: new Map([
    ["a", { type: "number", values: a } as const],
    ["b", { type: "number", values: b } as const],
  ]),
};
const spec = {
  ...{ task: "binary", target: "y", classes: ["no", "yes"], seed: 1 },
  columns: ["a", "b"].map((name) => ({ name, role: "numeric" })),
} as unknown as TrainingSpec;

const calibrations: readonly Calibration[] = [
  { kind: "sigmoid", slope: 0.6, shift: -0.5 },
  { kind: "isotonic", x: [0.1, 0.4, 0.9], y: [0.05, 0.5, 0.8] },
];
const cases = ["linear", "gbdt"].flatMap((t) => calibrations.map((c) => [t, c.kind, c] as const));

test.each(cases)("%s with %s: explanations add up to what it says", async (trainer, _, kind) => {
  const rows = Uint32Array.from({ length: ROWS }, (_, i) => i);
  const candidate = { id: "c", trainer, params: {}, rank: 0 };
  const alone = { threads: 1, openTeam: undefined, signal: undefined };
  const fitted = withCalibration(
    fitCandidate(spec, candidate, { table, target, rows }, alone),
    kind,
  );
  const { onnx, signature } = exportOnnx(spec, fitted);
  const runtime = await onnxRuntime();
  const explainer = await openExplainer({ runtime }, { model: onnx, signature, background: table });
  const some = [0, 1, 2].map((i) => ({ a: a[i]!, b: b[i]! }));
  const explained = await explainRows({ breathe: async () => {} }, { explainer, rows: some });
  const scores = fitted.model.predict(fitted.encoder.encode(table)).values;
  explained.forEach(({ base, said, contributions, unit }, i) => {
    const total = contributions.reduce((sum, c) => sum + c.contribution, base);
    expect(total).toBeCloseTo(said, 5);
    const p = unit === "log-odds" ? 1 / (1 + Math.exp(-said)) : said;
    expect(p).toBeCloseTo(scores[i]!, 4);
  });
});
