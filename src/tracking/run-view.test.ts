import { describe, expect, test } from "vitest";
import type { Run } from "../engine/engine.ts";
import { isActive, runSummary } from "./run-view.ts";

const run = (more: Partial<Run>): Run => ({
  ...{ id: "run_1", pipeline: "train", state: "succeeded", input: null, output: undefined },
  ...{ queue: "default", priority: 0, share: "", parent: undefined },
  ...{ error: undefined, createdAt: 1, finishedAt: 2, progress: undefined },
  ...more,
});

describe("a run as the API shows it", () => {
  test("is about the model its input names, else the dataset, else nothing", () => {
    expect(runSummary(run({ input: { model: "m", dataset: "d" } })).subject).toBe("m");
    expect(runSummary(run({ input: { dataset: "d" } })).subject).toBe("d");
    for (const input of [null, "model", ["model"], { model: 7 }, {}])
      expect(runSummary(run({ input })).subject).toBeNull();
  });

  test("says what was decided, whether as a sentence or as a decision with a reason", () => {
    expect(runSummary(run({ output: { decision: "kept" } })).decision).toBe("kept");
    expect(runSummary(run({ output: { decision: { reason: "undecided" } } })).decision).toBe(
      "undecided",
    );
    expect(
      runSummary(run({ output: { decision: null, action: "nothing to judge" } })).decision,
    ).toBe("nothing to judge");
    for (const output of [undefined, null, "x", { decision: null }, { decision: { pairs: 3 } }])
      expect(runSummary(run({ output })).decision).toBeNull();
  });

  test("is active while it still needs a worker, a person or time", () => {
    const states = ["queued", "running", "waiting", "succeeded", "failed", "cancelled"] as const;
    expect(states.filter((state) => isActive(run({ state })))).toEqual([
      "queued",
      "running",
      "waiting",
    ]);
  });
});
