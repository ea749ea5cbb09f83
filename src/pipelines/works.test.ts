import { expect, expectTypeOf, test } from "vitest";
import type { AnswerRow } from "../serving/answer.ts";
import type { AdoptOutcome } from "./adopt-version.ts";
import type { ScoreOutcome } from "./score.ts";
import type { TrainOutcome } from "./train.ts";
import {
  type Adopted,
  importModel,
  type Predicted,
  predict,
  type Scored,
  score,
  type Trained,
  train,
  WorkForm,
} from "./works.ts";

test("what works are said to give back is what they give back", () => {
  expectTypeOf<TrainOutcome>().toExtend<Trained>();
  expectTypeOf<ScoreOutcome>().toExtend<Scored>();
  expectTypeOf<AdoptOutcome>().toExtend<Adopted>();
  expectTypeOf<AnswerRow>().toExtend<Predicted>();
});

test("what the helpers make is a work", () => {
  const file = { digest: "sha256:a", bytes: 3 } as const;
  for (const work of [
    train("spam"),
    train("spam", { budget: { trials: 3 }, again: true, reason: "why" }),
    score("spam", { input: "inbox/*.csv", out: "scores/a.parquet", forward: true, top: 3 }),
    predict("spam", [{ subject: "a", n: 1, odd: null }], { version: "3" }),
    importModel("spam", file),
  ])
    expect(WorkForm.safeParse(work).error).toBeUndefined();
});

test.each(["/etc/passwd", "../rows.csv", "a/../../rows.csv", "C:\\rows.csv", "\\\\host\\rows"])(
  "a batch reads and writes in the project only: %s",
  (path) => {
    expect(WorkForm.safeParse(score("spam", { input: path, out: "a.csv" })).success).toBe(false);
    expect(WorkForm.safeParse(score("spam", { input: "a.csv", out: path })).success).toBe(false);
  },
);
