import { expect, test } from "vitest";
import { inTime } from "./in-time.ts";

const late = () => new Error("late");

test("what is there in time comes back, and what fails fails as it does", async () => {
  expect(await inTime(Promise.resolve(1), 1000, late)).toBe(1);
  await expect(inTime(Promise.reject(new Error("own")), 1000, late)).rejects.toThrow("own");
  await expect(inTime(new Promise(() => {}), 1, late)).rejects.toThrow("late");
});

test("an answer that came while the event loop was held up counts as in time", async () => {
  const answer = new Promise((resolve) => setImmediate(() => resolve("here")));
  const waited = inTime(answer, 1, late);
  const until = performance.now() + 20;
  while (performance.now() < until);
  expect(await waited).toBe("here");
});
