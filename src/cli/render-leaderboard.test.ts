import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { Evaluation } from "../evaluation/evaluate.ts";
import type { Leaderboard, LeaderboardRow } from "../training/leaderboard.ts";
import { axisOf, drawInterval } from "./render-interval.ts";
import { renderLeaderboard } from "./render-leaderboard.ts";
import { displayWidth } from "./render-text.ts";

const row = (candidate: string, mean: number | null, half: number, folds = 5): LeaderboardRow => ({
  ...{ candidate, trainer: "t", params: {}, folds, mean, seconds: 1.25, complexity: 1 },
  low: mean === null ? null : mean - half,
  high: mean === null ? null : mean + half,
  ...{ state: mean === null ? "failed" : "finished", error: mean === null ? "no rows" : undefined },
});

const BOARD: Leaderboard = {
  ...{ metric: "auc", better: "higher", folds: 5, winner: "linear-1", notTried: 2 },
  rows: [
    row("gbdt-1", 0.846, 0.01),
    row("linear-1", 0.843, 0.009),
    row("baseline-1", 0.5, 0),
    row("mlp-1", null, 0, 0),
  ],
  reason: "linear-1 is simpler and within one standard error of the best.",
  split: "at random within each class",
  ...{ dataset: "sha256:00", trainedRows: 800, testRows: 200 },
};

const EVALUATION = {
  report: {
    ...{ task: "binary", rows: 200, primary: "auc", slices: [] },
    metrics: [
      {
        ...{ name: "auc", title: "Area", better: "higher", unit: "share" },
        ...{ value: 0.84, lower: 0.8, upper: 0.87, standardError: 0.02 },
      },
    ],
  },
  verdict: {
    ...{ pass: false, summary: "", reasons: [], warnings: [] },
    results: [
      { gate: "beats_baseline", outcome: "pass", pass: true, reason: "better", detail: null },
      { gate: "calibrated", outcome: "fail", pass: false, reason: "0.08 is above", detail: null },
    ],
    couldNotHaveSeen: "A drop of less than 2 points.",
  },
  baseline: { candidate: "baseline-1", value: 0.5 },
  champion: undefined,
  ...{ testRows: 200, split: "", importance: [] },
} as Evaluation;

const plain = (width: number) =>
  renderLeaderboard(
    {
      model: "churn",
      number: 2,
      aliases: ["champion"],
      leaderboard: BOARD,
      evaluation: EVALUATION,
    },
    width,
  ).map(stripVTControlCharacters);

describe("a leaderboard", () => {
  test("reads like this", () => {
    expect(plain(80).join("\n")).toMatchInlineSnapshot(`
      "
      churn version 2  champion

          candidate         auc  0.8331                        0.8569  folds    time
          gbdt-1         0.8460      ├──────────────●──────────────┤       5   1.3 s
        ▸ linear-1       0.8430   ├─────────────●────────────┤             5   1.3 s
          baseline-1     0.5000  ‹                                         5   1.3 s
          mlp-1       failed: no rows
        auc: mean of 5 folds, higher is better; line: 95 % interval

        chosen      linear-1 is simpler and within one standard error of the best.
        not tried   2 candidates: the time budget was used up. More with --budget.
        split       at random within each class
        test        auc 0.8400 (95 %: 0.8000 to 0.8700) on 200 rows that nobody has
                    trained on. On the same rows: best trivial model, baseline-1:
                    0.5000.

      Verdict  does not pass
        ✓ beats_baseline: better
        ✗ calibrated: 0.08 is above
          A drop of less than 2 points."
    `);
  });

  test.each([80, 100])("fits into %i columns", (width) => {
    for (const line of plain(width)) expect(displayWidth(line)).toBeLessThanOrEqual(width);
  });
});

describe("intervals", () => {
  const draw = (mean: number, low: number | null, high: number | null) =>
    stripVTControlCharacters(drawInterval({ mean, low, high }, { from: 0, to: 10 }, 11));

  test("are drawn on their axis", () => {
    expect(draw(5, 2, 8)).toBe("  ├──●──┤  ");
    expect(draw(5, null, null)).toBe("     ●     ");
    expect(draw(1, -3, 4)).toBe("‹●──┤      ");
    expect(draw(9, 7, 30)).toBe("       ├─●›");
    expect(draw(-5, -6, -4)).toBe("‹          ");
    expect(draw(50, 40, 60)).toBe("          ›");
  });

  test("a hopeless candidate does not stretch the axis", () => {
    const axis = axisOf([
      { mean: 0.84, low: 0.83, high: 0.85 },
      { mean: 0.83, low: 0.82, high: 0.84 },
      { mean: 0.5, low: 0.5, high: 0.5 },
    ])!;
    expect(axis.from).toBeGreaterThan(0.8);
    expect(axis.to).toBeLessThan(0.86);
  });

  test("an axis is there for one value, and not for none", () => {
    const axis = axisOf([{ mean: 0, low: null, high: null }])!;
    expect(axis.to).toBeGreaterThan(axis.from);
    expect(axisOf([])).toBeUndefined();
  });
});
