import { expect, test } from "vitest";
import { wordFinder } from "./words.ts";

const finder = wordFinder({
  words: { min: 1, max: 2 },
  characters: { min: 3, max: 4 },
  vocabulary: ["free", "free prize", "hello", "~riz", "~ no"],
});

test("tokens give what they add to the words they cover", () => {
  const pushes = new Map([
    [1, 0.5],
    [2, 1],
    [3, -3],
    [4, 0.9],
  ]);
  // prize: half of the pair and the piece; free: itself and half of the pair.
  expect(finder.strongest("Hello, FREE prize inside", pushes, 1)).toEqual(["prize", "free"]);
  expect(finder.strongest("Hello, FREE prize inside", pushes, -1)).toEqual(["hello"]);
});

test("a token that occurs twice gives each occurrence its part, and unknown words nothing", () => {
  expect(finder.strongest("free speech free beer", new Map([[1, 2]]), 1)).toEqual(["free"]);
  expect(finder.strongest("", new Map([[1, 2]]), 1)).toEqual([]);
  // A piece that begins with the space before a word belongs to the word.
  expect(finder.strongest("say nothing", new Map([[5, 1]]), 1)).toEqual(["nothing"]);
});
