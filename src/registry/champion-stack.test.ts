import { expect, test } from "vitest";
import type { Digest } from "../lib/digest.ts";
import type { AliasMove } from "./alias-move.ts";
import { championStack } from "./champion-stack.ts";

const moves = (...versions: (string | undefined)[]): AliasMove[] =>
  versions
    .map((version, at) => ({
      model: "m",
      alias: "champion" as const,
      version: version as Digest | undefined,
      previous: undefined,
      reason: "",
      verdict: undefined,
      runId: undefined,
      at,
    }))
    .reverse();

test("promotions stack up, the present champion first", () => {
  expect(championStack(moves("a", "b", "c"))).toEqual(["c", "b", "a"]);
});

test("a rollback takes the top away, so the next one goes further back", () => {
  expect(championStack(moves("a", "b", "c", "b"))).toEqual(["b", "a"]);
  expect(championStack(moves("a", "b", "c", "b", "a"))).toEqual(["a"]);
});

test("a rejected version may be promoted again", () => {
  expect(championStack(moves("a", "b", "a", "b"))).toEqual(["b", "a"]);
});

test("no moves, no champion", () => {
  expect(championStack([])).toEqual([]);
});
