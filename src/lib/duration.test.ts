import { expect, test } from "vitest";
import { durationMs, inWords } from "./duration.ts";

test.each([
  ["60s", 60_000],
  ["1.5h", 5_400_000],
  ["250ms", 250],
  ["10m", 600_000],
  ["3d", 259_200_000],
  ["day", 86_400_000],
  ["week", 604_800_000],
  ["month", 2_592_000_000],
])("%s is %d ms", (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each(["", "10", "10 m", "-5s", "1e3s", "ten", "s10", "5y"])("'%s' is no duration", (text) => {
  expect(durationMs(text)).toBeUndefined();
});

test.each([
  [950, "950 ms"],
  [1500, "1.5 s"],
  [61_000, "61 s"],
  [600_000, "10 min"],
  [5_400_000, "90 min"],
  [9_000_000, "2.5 h"],
  [259_200_000, "3 days"],
])("%d ms read '%s'", (ms, words) => {
  expect(inWords(ms)).toBe(words);
});
