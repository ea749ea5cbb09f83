import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { bootstrapReplicates, percentileInterval } from "../stats/bootstrap.ts";
import { estimate } from "./estimate.ts";
import { metricNamed } from "./metrics/all.ts";
import { evaluatorOf } from "./metrics/metric.ts";

/** Scores of rows of which a share is positive, and what they turned out to be. */
function rowsOf(n: number, share: number) {
  const rng = random("resampled");
  const target = new Float64Array(n);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    target[i] = rng.next() < share ? 1 : 0;
    values[i] = 1 / (1 + Math.exp(-(rng.normal() + 1.5 * target[i]! - 0.5)));
  }
  return { target, scores: { rows: n, width: 1, values } };
}

describe("intervals of many rows", () => {
  test.each([
    { n: 150_000, share: 0.3 },
    { n: 100_000, share: 0.005 },
  ])("from a sample are those of all rows ($n rows, $share positive)", ({ n, share }) => {
    const { target, scores } = rowsOf(n, share);
    const metric = metricNamed("f1", "binary");
    const found = estimate(metric, scores, target, { seed: 1 });
    const whole = percentileInterval(
      found.value,
      bootstrapReplicates({
        ...{ rows: n, resamples: 200, rng: random("whole") },
        statistic: evaluatorOf(metric, scores, target),
      }),
    );
    expect(found.value).toBe(metric.compute(scores, target));
    expect(found.standardError / whole.standardError).toBeGreaterThan(0.85);
    expect(found.standardError / whole.standardError).toBeLessThan(1.15);
    expect(found.lower).toBeLessThan(found.value);
    expect(found.upper).toBeGreaterThan(found.value);
  });
});
