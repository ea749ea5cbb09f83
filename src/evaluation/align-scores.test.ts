import { expect, test } from "vitest";
import type { Scores } from "../lib/task.ts";
import { alignScores, comparable, type Question } from "./align-scores.ts";

const question = (task: Question["task"], ...classes: string[]): Question => ({
  ...{ task, target: "kind", classes },
});
const scores = (width: number, ...values: number[]): Scores => ({
  ...{ rows: values.length / width, width, values: Float64Array.from(values) },
});
const aligned = (given: Scores, from: Question, to: Question) => {
  const found = alignScores(given, from, to);
  return found && [found.width, ...found.values].map((x) => Number(x.toFixed(6)));
};

test("the same question leaves the scores as they are", () => {
  const own = scores(1, 0.2, 0.9);
  expect(alignScores(own, question("binary", "no", "yes"), question("binary", "no", "yes"))).toBe(
    own,
  );
});

test("two classes the other way round: the probability of the other one", () => {
  expect(
    aligned(scores(1, 0.2, 0.9), question("binary", "no", "yes"), question("binary", "yes", "no")),
  ).toEqual([1, 0.8, 0.1]);
});

test("a class the older model does not know has probability 0", () => {
  expect(
    aligned(scores(1, 0.2), question("binary", "b", "a"), question("multiclass", "a", "b", "c")),
  ).toEqual([3, 0.2, 0.8, 0]);
});

test("a class that is asked for no more is left out, and the others sum to 1", () => {
  const from = question("multiclass", "a", "b", "c");
  expect(aligned(scores(3, 0.2, 0.3, 0.5), from, question("multiclass", "c", "a"))).toEqual([
    ...[2, 0.714286, 0.285714],
  ]);
  expect(aligned(scores(3, 0, 0, 1), from, question("binary", "a", "b"))).toEqual([1, 0.5]);
});

test("numbers and classes, other targets and strange classes cannot be compared", () => {
  const number = question("regression");
  const spam = question("binary", "no", "yes");
  expect(alignScores(scores(1, 3), number, spam)).toBeUndefined();
  expect(comparable(number, number)).toBe(true);
  expect(comparable(spam, { ...spam, target: "other" })).toBe(false);
  expect(comparable(spam, question("binary", "ham", "spam"))).toBe(false);
});
