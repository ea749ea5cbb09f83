import { expect, test } from "vitest";
import { predictionIds } from "./prediction-ids.ts";

test("ids are as newId writes them, sort by time, and no two are the same", () => {
  let now = Date.UTC(2026, 0, 1);
  const next = predictionIds(() => now);
  const ids = Array.from({ length: 5000 }, () => next());
  for (const id of ids) expect(id).toMatch(/^pred_[0-9a-hjkmnp-tv-z]{22}$/);
  expect(new Set(ids).size).toBe(5000);
  now += 1;
  expect(next() > ids.sort().at(-1)!).toBe(true);
});

test("every character is as likely at every place", () => {
  const next = predictionIds();
  const seen = Array.from({ length: 12 }, () => new Map<string, number>());
  for (let i = 0; i < 64_000; i++) {
    const chance = next().slice(-12);
    seen.forEach((counts, place) => {
      counts.set(chance[place]!, (counts.get(chance[place]!) ?? 0) + 1);
    });
  }
  // 2,000 each: seven standard deviations.
  for (const counts of seen) {
    expect(counts.size).toBe(32);
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(310);
  }
});
