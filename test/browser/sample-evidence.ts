import type { Evaluation } from "../../src/evaluation/evaluate.ts";
import type { ReportedMetric } from "../../src/evaluation/report.ts";
import { digestOf } from "../../src/lib/digest.ts";
import { type Evidence, evidenceOf } from "../../src/registry/evidence.ts";
import type { ListedVersion } from "../../src/registry/model-version.ts";
import type { Leaderboard, LeaderboardRow } from "../../src/training/leaderboard.ts";
import { churnAbstention } from "./sample-churn.ts";

const metric = (
  name: string,
  title: string,
  value: number,
  half: number,
  more: Partial<ReportedMetric> = {},
): ReportedMetric => ({
  ...{ name, title, value, better: "higher", unit: "share", standardError: half / 2 },
  ...{ lower: value - half, upper: value + half },
  ...more,
});

/** In the shape evaluations and leaderboards are stored in, read the way the platform reads them. */
export function sampleEvidence(version: ListedVersion): Evidence {
  if (version.model === "passengers") return regression();
  return version.model.startsWith("churn") ? churn(version.number) : phishing(version.number);
}

/** The same figures about other columns, and a rule to abstain. */
function churn(number: number): Evidence {
  const [evaluation, board] = binary(number + 2);
  const words = JSON.stringify(evaluation)
    .replaceAll("sender_domain", "contract")
    .replaceAll("yahoo.com", "month-to-month")
    .replaceAll("hotmail.com", "two years")
    .replaceAll("received_hour", "tenure_months")
    .replaceAll("received_at", "last_contact")
    .replaceAll('"ham","phishing"', '"stays","leaves"');
  return evidenceOf({ ...JSON.parse(words), abstention: churnAbstention() }, board);
}

const phishing = (number: number): Evidence => evidenceOf(...binary(number));

function binary(number: number): [Evaluation, Leaderboard] {
  const held = number === 2;
  const ap = 0.927 + number * 0.008;
  const results: Evaluation["verdict"]["results"] = [
    {
      gate: "beats_baseline",
      outcome: "pass",
      pass: true,
      reason: `Average precision ${ap.toFixed(3)} is better by ${((ap - 0.31) * 100).toFixed(1)} points (95 %: 58.2 to 64.1) than the best trivial model (baseline-1, 0.310).`,
      detail: null,
    },
    {
      gate: "beats_champion",
      outcome: held ? "fail" : "pass",
      pass: !held,
      reason: held
        ? "Average precision 0.943 is worse by 0.4 points (95 %: -1.9 to 1.1) than version 1, and not simpler. Train on more rows, or keep version 1."
        : "Average precision 0.959 is better by 1.2 points (95 %: 0.3 to 2.2) than version 3 on the same 1,208 rows.",
      detectable: 0.013,
      detail: null,
    },
    {
      gate: "no_slice_worse",
      outcome: number === 4 ? "warn" : "pass",
      pass: true,
      reason:
        number === 4
          ? "No slice is significantly worse; 3 of 14 values of sender_domain have fewer than 30 rows and could not be judged."
          : "None of 14 values of sender_domain is significantly worse than under the champion.",
      detail: null,
    },
    {
      gate: "calibrated",
      outcome: "pass",
      pass: true,
      reason: "Expected calibration error 0.018, at most 0.05 is allowed.",
      detail: null,
    },
    {
      gate: "parity",
      outcome: "pass",
      pass: true,
      reason: "The stored file and the model in memory differ by at most 2.4e-7 on 256 rows.",
      detail: null,
    },
  ];
  const evaluation: Evaluation = {
    report: {
      task: "binary",
      rows: 1208,
      primary: "average_precision",
      metrics: [
        metric("auc", "AUC", ap + 0.022, 0.008),
        metric("average_precision", "Average precision", ap, 0.016),
        metric("accuracy", "Accuracy", 0.941, 0.013),
        metric("f1", "F1", 0.903, 0.022),
        metric("log_loss", "Log loss", 0.171, 0.021, { better: "lower", unit: "loss" }),
      ],
      slices: [
        {
          ...{ column: "sender_domain", value: "yahoo.com", rows: 118, metric: "auc" },
          ...{ estimate: 0.902, lower: 0.842, upper: 0.962, rest: 0.984 },
          ...{ adjustedP: 0.021, worse: true },
        },
        {
          ...{ column: "sender_domain", value: "hotmail.com", rows: 96, metric: "auc" },
          ...{ estimate: 0.955, lower: 0.911, upper: 0.999, rest: 0.982 },
          ...{ adjustedP: 0.31, worse: false },
        },
        {
          ...{ column: "received_hour", value: "0 to 6", rows: 301, metric: "auc" },
          ...{ estimate: 0.978, lower: 0.961, upper: 0.995, rest: 0.983 },
          ...{ adjustedP: 0.55, worse: false },
        },
      ],
      classes: ["ham", "phishing"],
      confusion: [
        [792, 31],
        [40, 345],
      ],
      calibration: [
        [0.05, 0.03, 700],
        [0.15, 0.12, 96],
        [0.35, 0.41, 44],
        [0.55, 0.6, 30],
        [0.75, 0.71, 62],
        [0.95, 0.97, 276],
      ].map(([predicted, observed, rows]) => ({
        from: Math.floor(predicted! * 10) / 10,
        to: Math.floor(predicted! * 10) / 10 + 0.1,
        predicted: predicted!,
        observed: observed!,
        rows: rows!,
      })),
    },
    verdict: {
      pass: !held,
      summary: held
        ? "gbdt-1 fails beats_champion (4 of 5 gates passed)"
        : "gbdt-2 passes 5 of 5 gates",
      reasons: [],
      warnings: [],
      results,
      couldNotHaveSeen:
        "On 1,208 held-out rows, a true drop in average precision of less than 1.3 points would be noticed in fewer than four of five cases. Nothing here can see data that the held-out rows do not resemble.",
    },
    baseline: { candidate: "baseline-1", value: 0.31 },
    champion: { name: "version 3", value: 0.947 },
    testRows: 1208,
    split:
      "Split by received_at: the last 20 % of the rows in time are the test. A random split would show the model mails from the same campaigns it learned from and flatter it.",
    importance: [],
  };
  const row = (
    candidate: string,
    mean: number | null,
    half: number,
    folds: number,
    more: Partial<LeaderboardRow> = {},
  ): LeaderboardRow => ({
    candidate,
    trainer: candidate.split("-")[0]!,
    params: { l2: 0.01 },
    state: "finished",
    folds,
    mean,
    low: mean === null ? null : mean - half,
    high: mean === null ? null : mean + half,
    seconds: 4.2,
    complexity: 1200,
    error: undefined,
    ...more,
  });
  const board: Leaderboard = {
    metric: "average_precision",
    better: "higher",
    folds: 4,
    winner: "gbdt-2",
    reason:
      "gbdt-2 (average_precision 0.9590 ± 0.0060) is simpler than the best, mlp-1 (0.9610 ± 0.0080), and within one standard error of it: the difference is not worth the complexity.",
    split: evaluation.split,
    dataset: digestOf("data phishing 2"),
    trainedRows: 4838,
    testRows: 1208,
    notTried: 1,
    search: { proposed: 40, rounds: 5, ended: "the time was used up" },
    rows: [
      row("mlp-1", 0.961, 0.016, 4, { params: { hidden: 64, epochs: 40 }, seconds: 21.4 }),
      row("gbdt-2", 0.959, 0.012, 4, {
        params: { trees: 240, depth: 6, learningRate: 0.08 },
        seconds: 9.1,
      }),
      row("linear-2", 0.947, 0.014, 4, { seconds: 2.2 }),
      row("gbdt-1", 0.951, 0.019, 2, {
        state: "dropped",
        params: { trees: 120, depth: 4, learningRate: 0.1 },
      }),
      row("forest-1", 0.931, 0.022, 1, {
        state: "dropped",
        params: { trees: 300 },
        seconds: 12.8,
      }),
      row("mlp-2", null, 0, 0, {
        state: "failed",
        error: "loss is not finite after epoch 3: lower the learning rate",
        seconds: 1.4,
      }),
      row("baseline-1", 0.31, 0.02, 4, { params: {}, seconds: 0.01, complexity: 1 }),
      row("gbdt-3", null, 0, 0, { state: "not tried", seconds: 0 }),
      ...Array.from({ length: 40 }, (_, i) =>
        row(`gbdt-${i + 4}`, 0.94 - i / 1000, 0.02, 1, { state: "dropped", seconds: 0.6 }),
      ),
    ],
  };
  return [evaluation, board];
}

function regression(): Evidence {
  const target = { better: "lower", unit: "target" } as const;
  return evidenceOf(
    {
      report: {
        task: "regression",
        rows: 91,
        primary: "mae",
        metrics: [
          metric("mae", "Mean absolute error", 61_240, 8_900, target),
          metric("rmse", "Root mean squared error", 88_310, 14_100, target),
        ],
        slices: [],
      },
      verdict: {
        pass: true,
        summary: "gbdt-1 passes 5 of 5 gates",
        reasons: [],
        warnings: [],
        results: [],
        couldNotHaveSeen: "Nothing was compared with a champion on these 91 held-out rows.",
      },
      baseline: { candidate: "baseline-2", value: 143_100 },
      champion: undefined,
      testRows: 91,
      split: "Split by date: the last 20 % of the days are the test.",
      importance: [],
    },
    undefined,
  );
}
