import { expect, test } from "vitest";
import { latest } from "./latest.ts";

test("the last key is made once; another one takes its place", async () => {
  const made: string[] = [];
  const get = latest(async (key: string) => {
    made.push(key);
    return key.toUpperCase();
  });
  expect(await Promise.all([get("a"), get("a"), get("b"), get("a")])).toEqual(["A", "A", "B", "A"]);
  expect(made).toEqual(["a", "b", "a"]);
});

test("what could not be made is tried again", async () => {
  let tries = 0;
  const get = latest(async (_: string) => {
    if (++tries === 1) throw new Error("storage is away");
    return tries;
  });
  await expect(get("a")).rejects.toThrow("storage is away");
  expect(await get("a")).toBe(2);
  expect(await get("a")).toBe(2);
});
