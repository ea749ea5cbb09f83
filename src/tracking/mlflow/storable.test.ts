import { expect, test } from "vitest";
import { storable, storableJson } from "./storable.ts";

test("a text has no characters that the database cannot keep", () => {
  expect(storable("a\0b\ud800c😀")).toBe("a\ufffdb\ufffdc😀");
});

test("nor have the texts and keys within a value, and it is not nested too deep for a stack", () => {
  expect(storableJson({ "k\0": ["\ud800", 1, null, { a: true }] })).toEqual({
    "k\ufffd": ["\ufffd", 1, null, { a: true }],
  });
  const deep = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  expect(storableJson(deep(500))).toEqual(deep(500));
  expect(() => storableJson(deep(100_000))).toThrow("nested more than 500 deep");
});
