import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { addToAdwin, adwinMean, NO_STREAM } from "./adwin.ts";
import { addErrors, NO_ERRORS } from "./page-hinkley.ts";

describe("Page–Hinkley", () => {
  const stream = (seed: number, n: number, rise: number) => {
    const rng = random(`ph ${seed}`);
    return Float64Array.from({ length: n }, (_, i) => rng.normal() + (i >= n / 2 ? rise : 0));
  };

  test("stays quiet on a quiet stream of 20,000 values", () => {
    expect(addErrors(NO_ERRORS, stream(1, 20_000, 0)).changes).toEqual([]);
  });

  test("notices a rise by one standard deviation within a hundred values, once", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { changes } = addErrors(NO_ERRORS, stream(seed, 400, 1));
      expect(changes).toHaveLength(1);
      expect(changes[0]).toBeGreaterThanOrEqual(200);
      expect(changes[0]).toBeLessThan(300);
    }
  });

  test("ignores a fall, and rows without a label", () => {
    expect(addErrors(NO_ERRORS, stream(1, 1000, -3)).changes).toEqual([]);
    expect(addErrors(NO_ERRORS, [1, Number.NaN, 1]).state.n).toBe(2);
  });

  test("is the same in one batch or many, also through JSON", () => {
    const values = stream(7, 600, 1);
    const whole = addErrors(NO_ERRORS, values);
    let state = NO_ERRORS;
    const changes: number[] = [];
    for (let i = 0; i < 600; i += 50) {
      const step = addErrors(state, values.subarray(i, i + 50));
      changes.push(...step.changes.map((at) => at + i));
      state = JSON.parse(JSON.stringify(step.state));
    }
    expect({ state, changes }).toEqual(whole);
  });
});

describe("ADWIN", () => {
  const coins = (seed: number, n: number, before: number, after: number) => {
    const rng = random(`adwin ${seed}`);
    return Float64Array.from({ length: n }, (_, i) =>
      rng.next() < (i < n / 2 ? before : after) ? 1 : 0,
    );
  };

  test("stays quiet on 20,000 values of one rate, in few buckets, and knows their mean", () => {
    const { state, changes } = addToAdwin(NO_STREAM, coins(1, 20_000, 0.2, 0.2));
    expect(changes).toEqual([]);
    expect(state.buckets.length).toBeLessThan(80);
    expect(adwinMean(state).values).toBe(20_000);
    expect(adwinMean(state).mean).toBeCloseTo(0.2, 1);
  });

  test("notices a changed rate, says before and after, and forgets the old part", () => {
    const { state, changes } = addToAdwin(NO_STREAM, coins(2, 4000, 0.1, 0.4));
    expect(changes.length).toBeGreaterThanOrEqual(1);
    expect(changes[0]!.at).toBeGreaterThanOrEqual(2000);
    expect(changes[0]!.at).toBeLessThan(2300);
    expect(changes[0]!.before).toBeLessThan(changes[0]!.after);
    expect(adwinMean(state).mean).toBeGreaterThan(0.35);
  });

  test("loses no value when it joins buckets", () => {
    const values = coins(3, 997, 0.3, 0.3);
    const { state } = addToAdwin(NO_STREAM, values);
    const sum = values.reduce((a, b) => a + b);
    expect(state.buckets.reduce((a, b) => a + b.sum, 0)).toBe(sum);
    expect(state.buckets.reduce((a, b) => a + b.values, 0)).toBe(997);
  });
});
