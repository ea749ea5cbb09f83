import { expect, test } from "vitest";
import { fanOutProgress, timeLeftMs } from "./fan-out-progress.ts";

const none = { succeeded: 0, failed: 0, cancelled: 0, running: 0, waiting: 10, meanMs: undefined };

test("says how many are over, run and failed, and how long it takes", () => {
  expect(fanOutProgress(none, 10)).toEqual({ message: "0 of 10, 0 running", fraction: 0 });
  const half = { ...none, succeeded: 4, failed: 1, running: 2, waiting: 3, meanMs: 60_000 };
  expect(fanOutProgress(half, 10)).toEqual({
    message: "5 of 10 (1 failed), 2 running, about 2 min left",
    fraction: 0.5,
  });
  const done = { ...none, succeeded: 9, cancelled: 1, waiting: 0, meanMs: 1000 };
  expect(fanOutProgress(done, 10)).toEqual({
    message: "10 of 10 (1 cancelled), 0 running",
    fraction: 1,
  });
  expect(fanOutProgress({ ...none, waiting: 0 }, 0).fraction).toBe(1);
});

test("what runs now decides how long the rest takes", () => {
  const some = { ...none, succeeded: 10, running: 10, waiting: 90, meanMs: 1000 };
  expect(timeLeftMs(some)).toBe(9500);
  expect(timeLeftMs({ ...some, running: 0 })).toBeUndefined();
});

test("of an only child it is told what that does", () => {
  const only = { step: "ingest", message: "reading", fraction: undefined };
  const progress = fanOutProgress({ ...none, running: 1, only }, 1);
  expect(progress).toEqual({ message: "ingest: reading", fraction: undefined });
  expect(fanOutProgress({ ...none, waiting: 1 }, 1).message).toBe("it waits");
  expect(fanOutProgress({ ...none, running: 1, only }, 2).message).toMatch(/^0 of 2/);
});
