import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "./random.ts";

test("a seed gives this sequence for ever: stored models and splits depend on it", () => {
  const rng = random(42);
  expect([rng.next(), rng.next(), rng.next()]).toMatchInlineSnapshot(`
    [
      0.5698703853413463,
      0.019467360340058804,
      0.3378040043171495,
    ]
  `);
  expect([rng.int(1000), rng.int(1000)]).toMatchInlineSnapshot(`
    [
      741,
      901,
    ]
  `);
  expect([rng.normal(), rng.normal()]).toMatchInlineSnapshot(`
    [
      0.15747707765435232,
      -0.603901011786797,
    ]
  `);
  expect([
    ...random("folds").shuffle(Uint32Array.from([0, 1, 2, 3, 4, 5, 6, 7])),
  ]).toMatchInlineSnapshot(`
    [
      2,
      0,
      5,
      4,
      1,
      7,
      6,
      3,
    ]
  `);
});

test("streams of one seed do not disturb each other", () => {
  const [a, b] = [random(1), random(1)];
  const first = a.split("rows").next();
  for (let i = 0; i < 100; i++) b.next();
  expect(b.split("rows").next()).toBe(first);
  expect(b.split("columns").next()).not.toBe(first);
});

test("a shuffle keeps every value", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer(), (values, seed) => {
      const shuffled = random(seed).shuffle([...values]);
      expect([...shuffled].sort((x, y) => x - y)).toEqual([...values].sort((x, y) => x - y));
    }),
  );
});

test("numbers are uniform and normal as they say", () => {
  const rng = random("moments");
  const n = 20_000;
  const uniform = Array.from({ length: n }, () => rng.next());
  const normal = Array.from({ length: n }, () => rng.normal());
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / n;
  expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...uniform)).toBeLessThan(1);
  expect(mean(uniform)).toBeCloseTo(0.5, 1);
  expect(mean(normal)).toBeCloseTo(0, 1);
  expect(mean(normal.map((x) => x * x))).toBeCloseTo(1, 1);
});
