import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { random } from "../../lib/random.ts";
import { graph } from "../../onnx/graph.ts";
import { runOnnx } from "../../testing/run-onnx.ts";
import { type Calibration, calibratedAt, emitCalibration } from "./calibration.ts";
import { decideCalibration } from "./decide-calibration.ts";
import { fitCalibration } from "./fit-calibration.ts";

/** Says p, and is right with the probability that `truth` makes of it. */
function sample(rows: number, truth: (p: number) => number, seed = 1) {
  const rng = random(seed);
  const probabilities = Float64Array.from({ length: rows }, () => rng.next());
  const target = probabilities.map((p) => Number(rng.next() < truth(p)));
  return { probabilities, target, fold: Uint8Array.from(target, (_, i) => i % 5) };
}
const bold = (p: number) => p ** 3 / (p ** 3 + (1 - p) ** 3);

async function inGraph(calibration: Calibration, probabilities: readonly number[]) {
  const g = graph();
  g.input("p", "float32", ["N", 2]);
  g.node("Identity", [emitCalibration(g, "p", calibration)], {}, { outputs: ["c"] });
  g.output("c", "float32", ["N", 2]);
  const data = Float32Array.from(probabilities.flatMap((p) => [1 - p, p]));
  const feed = { type: "float32", dims: [probabilities.length, 2], data } as const;
  return [
    ...(
      await runOnnx(g.encode({ task: "binary", target: "y", classes: ["a", "b"], columns: [] }), {
        p: feed,
      })
    ).c!.data,
  ];
}

describe("calibration", () => {
  test("below 1,000 positive rows a sigmoid, from there on steps; the graph says what the memory says", async () => {
    const places = [0, 1e-9, 0.001, 0.2, 0.5, 0.77, 0.999, 1];
    for (const [rows, kind] of [
      [1500, "sigmoid"],
      [4000, "isotonic"],
    ] as const) {
      const { probabilities, target } = sample(rows, bold);
      const calibration = fitCalibration(probabilities, target);
      expect(calibration.kind).toBe(kind);
      const both = await inGraph(calibration, places);
      places.forEach((p, i) => {
        const value = calibratedAt(calibration, p);
        expect(Math.abs(both[2 * i + 1]! - value)).toBeLessThan(2e-6);
        expect(both[2 * i]! + both[2 * i + 1]!).toBeCloseTo(1, 5);
        if (p > 0.1 && p < 0.9) expect(Math.abs(value - bold(p))).toBeLessThan(0.06);
      });
    }
  });

  test("one step alone is a constant in the graph, too", async () => {
    const flat: Calibration = { kind: "isotonic", x: [0.5], y: [0.3] };
    const both = await inGraph(flat, [0, 1]);
    for (const [i, p] of [0.7, 0.3, 0.7, 0.3].entries()) expect(both[i]).toBeCloseTo(p, 6);
  });

  test("it is never falling, and never quite 0 or 1, whatever it was fitted on", () => {
    const rows = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1)),
      {
        minLength: 2,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 40 }), (given, times) => {
        // Many times over: enough positive rows for steps, or not.
        const all = Array.from({ length: times * 20 }, () => given).flat();
        const calibration = fitCalibration(
          Float64Array.from(all, ([p]) => p),
          Float64Array.from(all, ([, y]) => y),
        );
        if (calibration.kind === "sigmoid") return;
        const values = Array.from({ length: 101 }, (_, i) => calibratedAt(calibration, i / 100));
        values.forEach((value, i) => {
          expect(value).toBeGreaterThan(0);
          expect(value).toBeLessThan(1);
          if (i > 0) expect(value).toBeGreaterThanOrEqual(values[i - 1]! - 1e-12);
        });
      }),
      { numRuns: 50 },
    );
  });

  test("it is applied where the log loss falls on held folds, and the calibration error with it", () => {
    const { calibration, report } = decideCalibration(sample(3000, bold));
    expect(calibration).not.toBeNull();
    expect(report.logLoss.after).toBeLessThan(report.logLoss.before);
    expect(report.ece.after).toBeLessThan(report.ece.before / 2);
    expect(report.reason).toMatch(/^Calibrated by isotonic/);
  });

  test("where the probabilities are right already it is left alone", () => {
    const { calibration, report } = decideCalibration(sample(400, (p) => p, 3));
    expect(report.applied).toBe(calibration !== null);
    expect(report.applied).toBe(report.logLoss.after < report.logLoss.before);
    const upsideDown = decideCalibration(sample(400, (p) => 1 - p));
    expect(upsideDown.calibration).toBeNull();
  });
});
