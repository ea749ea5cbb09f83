import { expect, test } from "vitest";
import { together } from "./together.ts";

test("calls of one moment share a statement; those that come meanwhile share the next", async () => {
  const groups: number[][] = [];
  const double = together<number, number>(async (calls) => {
    groups.push([...calls]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return calls.map((n) => 2 * n);
  });
  const first = [1, 2, 3].map(double);
  await new Promise((resolve) => setTimeout(resolve, 1));
  const second = [4, 5].map(double);
  expect(await Promise.all([...first, ...second])).toEqual([2, 4, 6, 8, 10]);
  expect(groups.length).toBeLessThanOrEqual(3);
  expect(await double(7)).toBe(14);
});

test("one that cannot be written fails alone", async () => {
  const double = together<number, number>(async (calls) => {
    if (calls.includes(13)) throw new Error("unlucky");
    return calls.map((n) => 2 * n);
  });
  const ends = await Promise.allSettled([1, 13, 3].map(double));
  expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});
