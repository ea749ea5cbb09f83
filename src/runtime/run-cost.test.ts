import { describe, expect, test } from "vitest";
import { runCost } from "./run-cost.ts";

describe("run cost", () => {
  test("knows nothing at first, and lets callers share", () => {
    const cost = runCost();
    expect(cost.predict(1)).toBeUndefined();
    expect(cost.rowsWithin(5)).toBe(Number.POSITIVE_INFINITY);
    expect(cost.sharingPays).toBe(true);
  });

  test("a small model is all fixed cost: sharing pays", () => {
    const cost = runCost();
    for (let i = 0; i < 200; i++) cost.learn(1 + (i % 30), 0.03 + 0.002 * (1 + (i % 30)));
    expect(cost.predict(100)).toBeCloseTo(0.23, 6);
    expect(cost.sharingPays).toBe(true);
    expect(Math.abs(cost.rowsWithin(5) - 2485)).toBeLessThanOrEqual(1);
  });

  test("an image model costs the same for each: sharing does not pay, and a run has one row", () => {
    const cost = runCost();
    for (let i = 0; i < 200; i++) cost.learn(1 + (i % 4), 40 * (1 + (i % 4)));
    expect(cost.sharingPays).toBe(false);
    expect(cost.rowsWithin(5)).toBe(1);
  });

  test("follows a change", () => {
    const cost = runCost();
    for (let i = 0; i < 200; i++) cost.learn(1 + (i % 4), 40 * (1 + (i % 4)));
    for (let i = 0; i < 500; i++) cost.learn(1 + (i % 4), 1);
    expect(cost.predict(4)).toBeCloseTo(1, 1);
    expect(cost.sharingPays).toBe(true);
  });
});
