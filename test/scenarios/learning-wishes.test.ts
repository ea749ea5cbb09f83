/** What a person may ask of the learning itself: weights of classes, calibrated probabilities, monotone columns. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import type { Evaluation } from "../../src/evaluation/evaluate.ts";
import { scoreTable } from "../../src/evaluation/score-table.ts";
import { rowsToTable } from "../../src/onnx/rows.ts";
import type { Signature } from "../../src/onnx/signature.ts";
import type { TrainOutcome } from "../../src/pipelines/train.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import type { Leaderboard } from "../../src/training/leaderboard.ts";
import { CHURN, type CustomersPlatform, customersPlatform } from "./customers-platform.ts";

let opened: CustomersPlatform;
let app: App;
beforeAll(async () => {
  opened = await customersPlatform(600, {
    plain: { ...CHURN, train: { trainers: ["baseline", "linear"] } },
    weighted: {
      ...CHURN,
      train: { trainers: ["baseline", "linear"], classWeights: { yes: 20 } },
    },
    honest: {
      ...CHURN,
      train: { trainers: ["baseline", "linear"], classWeights: { yes: 20 }, calibrate: true },
    },
    steady: { ...CHURN, train: { monotone: { monthly: "increasing", tenure: "decreasing" } } },
    wrong: { ...CHURN, train: { classWeights: { perhaps: 2 } } },
  });
  ({ app } = opened);
});
afterAll(() => opened?.stop());

async function trained(model: string) {
  const { engine, registry, blobs } = app.platform;
  const run = await engine.submit("train", { model, reason: "a test" });
  const outcome = await engine.wait<TrainOutcome>(run);
  const version = (await registry.get(outcome.version))!;
  const read = async <T>(blob: string | undefined) =>
    JSON.parse(Buffer.from(await blobs.get(blob as never)).toString("utf8")) as T;
  const session = await (await onnxRuntime()).load(await blobs.get(version.onnx));
  const scoresOf = async (rows: readonly Record<string, string | number>[]) => {
    const signature = version.signature as Signature;
    const { table } = rowsToTable(signature, rows);
    return [...(await scoreTable(session, { signature, table })).values];
  };
  return {
    ...{ outcome, scoresOf },
    board: await read<Leaderboard>(version.leaderboard),
    evaluation: await read<Evaluation>(version.report),
  };
}

const ROWS = Array.from({ length: 40 }, (_, i) => ({
  ...{ tenure: 1 + i, monthly: 30 + 2 * ((i * 7) % 40), calls: i % 6 },
}));
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test("weights of classes move the probabilities, and calibration moves them back", async () => {
  const [plain, weighted, honest] = [
    await trained("plain"),
    await trained("weighted"),
    await trained("honest"),
  ];
  const rates = [plain, weighted, honest].map(async ({ scoresOf }) => mean(await scoresOf(ROWS)));
  const [usual, shifted, back] = await Promise.all(rates);
  expect(shifted! - usual!).toBeGreaterThan(0.1);
  expect(Math.abs(back! - usual!)).toBeLessThan((shifted! - usual!) / 2);
  const { calibration } = honest.evaluation;
  expect(calibration).toMatchObject({ method: "sigmoid", applied: true, rows: 480 });
  expect(calibration!.ece.after).toBeLessThan(calibration!.ece.before);
  const parity = honest.evaluation.verdict.results.find(({ gate }) => gate === "parity");
  expect(parity?.outcome ?? "pass").toBe("pass");
  expect(weighted.evaluation.calibration).toBeUndefined();
  // Few rows: the leaderboard says how much of its best score is luck.
  expect(plain.board.optimism!.optimism).toBeGreaterThanOrEqual(0);
  expect(plain.board.folds).toBe(15);
});

test("a monotone column never moves the score the other way, and only trainers that keep that compete", async () => {
  const { board, scoresOf } = await trained("steady");
  expect(new Set(board.rows.map(({ trainer }) => trainer))).toEqual(
    new Set(["baseline", "linear", "gbdt"]),
  );
  expect(board.leftOut).toMatch(/^forest, mlp do not compete: .*monthly, tenure/);
  for (const calls of [0, 3, 8]) {
    const rising = await scoresOf(
      Array.from({ length: 60 }, (_, i) => ({ tenure: 12, monthly: 10 + 2 * i, calls })),
    );
    rising.forEach((p, i) => {
      if (i > 0) expect(p).toBeGreaterThanOrEqual(rising[i - 1]! - 1e-7);
    });
    const falling = await scoresOf(
      Array.from({ length: 60 }, (_, i) => ({ tenure: i, monthly: 60, calls })),
    );
    falling.forEach((p, i) => {
      if (i > 0) expect(p).toBeLessThanOrEqual(falling[i - 1]! + 1e-7);
    });
  }
});

test("what the data cannot have is refused by name", async () => {
  const { engine } = app.platform;
  const run = await engine.submit("train", { model: "wrong", reason: "a test" });
  await expect(engine.wait(run)).rejects.toThrow(
    /models.wrong.train.classWeights: there is no class "perhaps". Classes: no, yes/,
  );
});
