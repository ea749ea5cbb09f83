import { expect, test } from "vitest";
import { correlationOf } from "./correlation.ts";

test.each([
  ["the same traces", { total: 10, first: 4, second: 4, both: 4 }, 1],
  ["all traces", { total: 5, first: 5, second: 5, both: 5 }, 1],
  ["nothing in common", { total: 10, first: 4, second: 4, both: 0 }, -1],
  ["independent", { total: 100, first: 50, second: 20, both: 10 }, 0],
])("%s", (_, counts, npmi) => {
  expect(correlationOf(counts).npmi).toBeCloseTo(npmi, 12);
});

test("a filter that finds nothing goes with no other", () => {
  expect(correlationOf({ total: 10, first: 0, second: 4, both: 0 }).npmi).toBeUndefined();
});
