import fc from "fast-check";
import { expect, test } from "vitest";
import { newId } from "./ids.ts";

test("ids sort by the time they were made", () => {
  const time = fc.integer({ min: 0, max: 2 ** 45 });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(time, time, chance, chance, (t1, t2, c1, c2) => {
      fc.pre(t1 !== t2);
      const [a, b] = [newId("run", t1, () => c1), newId("run", t2, () => c2)];
      expect(a < b).toBe(t1 < t2);
    }),
  );
});

test("an id is its prefix, ten characters of time and twelve of chance", () => {
  expect(newId("pred", 0, () => 0)).toBe("pred_0000000000000000000000");
  expect(newId("run", 31, () => 0.999999)).toBe("run_000000000zzzzzzzzzzzzz");
  expect(newId("run", Date.UTC(2026, 0, 1), () => 0.5)).toMatch(/^run_[0-9a-hjkmnp-tv-z]{22}$/);
});
