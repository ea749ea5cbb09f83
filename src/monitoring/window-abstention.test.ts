import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { seriesOf } from "./series-view.ts";
import { type WatchedRule, windowAbstention } from "./window-abstention.ts";
import type { WindowReport } from "./window-report.ts";

/** p uniform, happens with p ** power (above 1: the model is too sure of "yes"). */
function rows(count: number, seed: string, power = 1, from = 0) {
  const rng = random(seed);
  const values = Float64Array.from({ length: count }, () => from + (1 - from) * rng.next());
  const target = values.map((p) => Number(rng.next() < p ** power));
  return { scores: { rows: count, width: 1, values }, target };
}
const watched: WatchedRule = {
  rule: { kind: "precision", target: 0.9, thresholds: [0.85, 0.85] },
  ...{ task: "binary", classes: ["no", "yes"], heldOut: { rows: 3000, answered: 900 } },
};
const cache = new Map();
const look = (window: ReturnType<typeof rows>, rule: WatchedRule = watched) =>
  windowAbstention(rule, {
    ...{ scores: window.scores, labelled: window, inflation: 1, cache, seed: 1 },
  });

describe("a rule to abstain in a window", () => {
  test("as it was: silent as often as before, and right as often as promised", () => {
    const found = look(rows(1000, "same"));
    expect(found.before).toBeCloseTo(0.7, 10);
    expect(found.rate).toBeCloseTo(0.7, 1);
    expect(found.drift!.drifted).toBe(false);
    expect(found.promise).toMatchObject({ of: "precision", promised: 0.9, broken: false });
    expect(found.promise!.words).toMatch(
      /^what it said was right in 9\d.* answers, 90 % was promised$/,
    );
  });

  test("more silent than before is drift, beyond its own threshold", () => {
    const found = look(rows(1000, "sure", 1, 0.6));
    expect(found.rate).toBeLessThan(0.68);
    const { drift } = look({
      ...rows(1000, "unsure"),
      scores: { rows: 1000, width: 1, values: new Float64Array(1000).fill(0.5) },
    });
    expect(drift!.drifted).toBe(true);
    expect(drift!.statistic).toBeGreaterThan(drift!.threshold);
  });

  test("a broken promise is noticed, an unchanged one rarely taken for broken", () => {
    expect(look(rows(1000, "worse", 12)).promise!.broken).toBe(true);
    let broken = 0;
    for (let run = 0; run < 200; run++) if (look(rows(300, `w${run}`)).promise?.broken) broken++;
    expect(broken).toBeLessThanOrEqual(2);
  });

  test("coverage of an interval, for numbers", () => {
    const rng = random("numbers");
    const values = Float64Array.from({ length: 200 }, () => rng.next());
    const numbers = {
      scores: { rows: 200, width: 1, values },
      target: values.map((v) => v + rng.normal()),
    };
    const rule: WatchedRule = {
      rule: { kind: "conformal", coverage: 0.9, quantile: 1.645 },
      ...{ task: "regression", classes: [], heldOut: { rows: 100, answered: 100 } },
    };
    expect(look(numbers, rule)).toMatchObject({
      rate: undefined,
      promise: { of: "coverage", broken: false },
    });
    const wide = { ...numbers, target: numbers.target.map((t, i) => t + (i % 2 === 0 ? 3 : 0)) };
    expect(look(wide, rule).promise!.broken).toBe(true);
  });

  test("few answers say nothing; series show what there is", () => {
    expect(look(rows(60, "few")).promise).toBeUndefined();
    const window = (start: number, of: ReturnType<typeof look> | undefined) =>
      ({
        ...{ window: { start, end: start + 1 }, rows: 1000, features: [], estimated: [] },
        ...(of ? { abstention: of } : {}),
      }) as unknown as WindowReport;
    const series = seriesOf([window(0, undefined), window(1, look(rows(1000, "same")))]);
    expect(series.map(({ name }) => name)).toEqual(["promise", "abstained", "volume"]);
    expect(series[0]!.points[1]!).toMatchObject({ expected: 0.9, alarm: false });
    expect(series[1]!.points.map(({ value }) => value === null)).toEqual([true, false]);
    expect(seriesOf([window(0, undefined)]).map(({ name }) => name)).toEqual(["volume"]);
  });
});
