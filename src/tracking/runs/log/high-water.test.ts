import { expect, test } from "vitest";
import { highWater } from "./high-water.ts";

const at = (step: number, timestamp = 0) => ({ key: "m", value: 0, step, timestamp });

test("only what is above all that was kept is newest, and each such point once", () => {
  const water = highWater();
  expect(water.judge()("r", at(1))).toBe(false);
  water.raise("r", [at(3, 5), at(2, 9)]);
  const isNewest = water.judge();
  expect([at(3, 5), at(3, 6), at(3, 6), at(5), at(4), at(6)].map((p) => isNewest("r", p))).toEqual([
    false,
    true,
    false,
    true,
    false,
    true,
  ]);
  expect(isNewest("other", at(9))).toBe(false);
  // What was only asked about is not kept yet.
  expect(water.judge()("r", at(4))).toBe(true);
});
