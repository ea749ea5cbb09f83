import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { Prediction } from "../../sdk/src/contract/serving.ts";
import { abstentionReport } from "../evaluation/abstention-report.ts";
import { random } from "../lib/random.ts";
import { abstentionBriefly, abstentionLines, whyAbstained } from "./render-abstention.ts";
import { displayWidth } from "./render-text.ts";

const rng = random("abstention");
const values = Float64Array.from({ length: 2000 }, () => rng.next());
const held = {
  ...{ task: "binary" as const, classes: ["no", "yes"] },
  scores: { rows: 2000, width: 1, values },
  target: values.map((p) => Number(rng.next() < p)),
};
const prediction = (yes: number, more: Partial<Prediction> = {}): Prediction => ({
  ...{ id: "", label: null, abstained: true, probability: yes },
  probabilities: { no: 1 - yes, yes },
  ...{ version: 1, versionId: "sha256:0", variant: "champion", ...more },
});

describe("a rule to abstain", () => {
  test.each([60, 80, 100])(
    "is shown with what it costs and what others would, in %i columns",
    (width) => {
      for (const goal of [{ precision: 0.9 }, { precision: 0.999 }, { coverage: 0.9 }]) {
        const lines = abstentionLines(abstentionReport(goal, held, 1), width);
        const text = lines.map(stripVTControlCharacters).join("\n");
        expect(text).toContain("When it says nothing");
        expect(text).toContain("asked for".slice(0, 3));
        expect(text).not.toMatch(/NaN|undefined|null/);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }
    },
  );

  test("fits a line of status", () => {
    expect(abstentionBriefly(abstentionReport({ precision: 0.9 }, held, 1))).toMatch(
      /^90\.0 % right, answers \d+\.\d %$/,
    );
  });
});

describe("why a prediction says nothing", () => {
  const rule = { kind: "precision" as const, target: 0.99, thresholds: [0.93, null] };

  test("the score that was missing", () => {
    expect(whyAbstained(rule, prediction(0.29))).toBe(
      'abstains: 0.71 for "no" is below 0.93, which 99.0 % precision needs',
    );
    expect(whyAbstained(rule, prediction(0.0701))).toBe(
      'abstains: 0.9299 for "no" is below 0.9300, which 99.0 % precision needs',
    );
    expect(whyAbstained(rule, prediction(0.8))).toBe(
      'abstains: 99.0 % precision could not be proven for "yes", at any score',
    );
  });

  test("the classes that may all be true", () => {
    const conformal = { kind: "conformal" as const, coverage: 0.9, quantile: 0.6 };
    expect(whyAbstained(conformal, prediction(0.5, { set: ["no", "yes"] }))).toBe(
      'abstains: it may be "no" or "yes", at 90.0 % coverage',
    );
    expect(whyAbstained(conformal, prediction(0.5, { set: [] }))).toBe(
      "abstains: unlike what it was tested on, no class is left at 90.0 % coverage",
    );
  });
});
