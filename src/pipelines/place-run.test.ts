import { describe, expect, test } from "vitest";
import { memoryPlatform } from "../testing/memory-platform.ts";
import { placeRun } from "./place-run.ts";
import { queueLimits, rateOf } from "./queue-limits.ts";

describe("where a run waits", () => {
  const { platform } = memoryPlatform({
    train: { queue: "gpu", priority: 5, needs: { gpu: 1, memory: "2GiB" } },
  });
  const placing = (pipeline: string, input: unknown) => placeRun(platform, { pipeline, input });

  test("trainings wait where the model says", async () => {
    expect(await placing("train", { model: "mail" })).toEqual({
      ...{ share: "mail", queue: "gpu", priority: 5 },
      needs: { gpu: 1, memory: 2 ** 31 },
    });
    expect(await placing("train", { model: "other" })).toEqual({ share: "other" });
  });

  test("other runs only take turns by model or dataset", async () => {
    expect(await placing("watch", { model: "mail" })).toEqual({ share: "mail" });
    expect(await placing("explore", { dataset: "mails" })).toEqual({ share: "mails" });
    expect(await placing("tidy-log", {})).toEqual({});
    expect(await placing("tidy-log", null)).toEqual({});
  });
});

test("limits of queues in the engine's words", () => {
  expect(queueLimits({})).toEqual({});
  expect(queueLimits({ queues: { fit: { concurrency: 8, rate: "100/minute" } } })).toEqual({
    fit: { concurrency: 8, rate: { starts: 100, periodMs: 60_000 } },
  });
  expect(rateOf("20/15m")).toEqual({ starts: 20, periodMs: 900_000 });
  for (const text of ["20", "0/s", "20/", "x/s", "20/fortnight"])
    expect(rateOf(text)).toBeUndefined();
});
