import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextTick } from "./recurrence.ts";

const next = (every: string, after: string) =>
  new Date(nextTick(every, Date.parse(after))).toISOString().slice(0, 16);

describe("a schedule", () => {
  test.each([
    ["hour", "2026-11-21T04:00:00Z", "2026-11-21T05:00"],
    ["day", "2026-12-31T23:59:59Z", "2027-01-01T00:00"],
    ["week", "2026-11-21T04:00:00Z", "2026-11-23T00:00"],
    ["week", "2026-11-23T00:00:00Z", "2026-11-30T00:00"],
    ["month", "2026-12-01T00:00:00Z", "2027-01-01T00:00"],
    ["15m", "2026-11-21T04:14:59Z", "2026-11-21T04:15"],
    ["6h", "2026-11-21T04:00:00Z", "2026-11-21T06:00"],
    ["0 4 * * 1", "2026-11-21T04:00:00Z", "2026-11-23T04:00"],
    ["*/20 9-17 * * *", "2026-11-21T17:40:00Z", "2026-11-22T09:00"],
    ["30 2 29 2 *", "2026-11-21T00:00:00Z", "2028-02-29T02:30"],
    ["0 0 13 * 5", "2026-11-21T00:00:00Z", "2026-11-27T00:00"],
    ["5,10 0 1 1,7 *", "2026-01-01T00:05:00Z", "2026-01-01T00:10"],
    ["0 12 * * 7", "2026-11-21T00:00:00Z", "2026-11-22T12:00"],
  ])("%s after %s is %s", (every, after, expected) => {
    expect(next(every, after)).toBe(expected);
  });

  test.each([
    "",
    "never",
    "0m",
    "* * * *",
    "60 * * * *",
    "* * 0 * *",
    "5-1 * * * *",
    "*/0 * * * *",
  ])("'%s' is refused with what would do", (every) =>
    expect(() => nextTick(every, 0)).toThrow(/is no schedule. Use hour, day/),
  );

  test("a date that never comes is said so", () => {
    expect(() => nextTick("0 0 31 2 *", 0)).toThrow(/never comes due/);
  });

  test("is always in the future, and nothing lies between", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          "hour",
          "day",
          "week",
          "month",
          "7m",
          "36h",
          "*/7 3 * * 1-5",
          "0 0 1,15 * *",
        ),
        fc.integer({ min: 0, max: 4e12 }),
        (every, after) => {
          const tick = nextTick(every, after);
          expect(tick).toBeGreaterThan(after);
          expect(nextTick(every, tick - 1)).toBe(tick);
          expect(nextTick(every, Math.floor((after + tick) / 2))).toBe(tick);
        },
      ),
    );
  });
});
