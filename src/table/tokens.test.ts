import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tokenCounter, tokenTable } from "./token-table.ts";
import { forEachToken, hashOf, lineOf, type TokenKinds, tokenText } from "./tokens.ts";

const WORDS: TokenKinds = { words: { min: 1, max: 1 }, characters: null };
const ALL: TokenKinds = { words: { min: 1, max: 2 }, characters: { min: 3, max: 5 } };

function tokensOf(text: string, kinds: TokenKinds): string[] {
  const line = lineOf(text);
  const tokens: string[] = [];
  forEachToken(line, kinds, (start, end, kind) => {
    tokens.push(tokenText(line.line, start, end, kind));
  });
  return tokens;
}

describe("words", () => {
  test.each([
    ["Free entry in 2 a wkly comp", "free entry in 2 a wkly comp"],
    ["WINNER!!!!!! You've won £1000", "winner !!! youve won £ 0000 ^caps"],
    ["call 08712300220, or 0871-230", "call 00000000000 or 0000 000"],
    ["Ｆｕｌｌ　ｗｉｄｔｈ ﬁne", "full width fine"],
    ["NAÏVE Ωmega I", "naïve ωmega i ^caps"],
    ["日本語 ok", "日 本 語 ok"],
    ["a.b@c.com -- x_y", "a b @ c com x y"],
    ["", ""],
    [" \t\n", ""],
    ["👍 𝒜bc", "abc"],
  ])("of '%s'", (text, words) => expect(tokensOf(text, WORDS).join(" ")).toBe(words));
});

test("pairs are of neighbours, pieces stay within a word and its spaces", () => {
  expect(tokensOf("Hi you", { words: { min: 2, max: 2 }, characters: null })).toEqual(["hi you"]);
  expect(tokensOf("Hi you", { words: null, characters: { min: 3, max: 4 } })).toEqual([
    "~ hi",
    "~ hi ",
    "~hi ",
    "~ yo",
    "~ you",
    "~you",
    "~you ",
    "~ou ",
  ]);
});

test("any text has tokens that can be found again, and counting agrees with listing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
      const line = lineOf(text);
      const table = tokenTable();
      const listed = new Map<string, number>();
      forEachToken(line, ALL, (start, end, kind, hash) => {
        const token = tokenText(line.line, start, end, kind);
        expect(hashOf(token)).toBe(hash);
        listed.set(token, (listed.get(token) ?? 0) + 1);
        table.intern(line.line, start, end, kind, hash);
      });
      const counts = tokenCounter(table, ALL)(text);
      const counted = Array.from({ length: counts.length }, (_, p) => [
        table.token(counts.ids[p]!),
        counts.counts[p]!,
      ]);
      expect(counted).toEqual([...listed]);
    }),
  );
});

test("a table made of a vocabulary numbers it in order and knows nothing else", () => {
  const vocabulary = Array.from({ length: 5000 }, (_, i) => `w${i.toString(36)}x`);
  const count = tokenCounter(tokenTable(vocabulary), WORDS);
  const { ids, counts, length } = count(
    `${vocabulary[7]} unknown ${vocabulary[4999]} ${vocabulary[7]}`,
  );
  expect([...ids.subarray(0, length)]).toEqual([8, 5000]);
  expect([...counts.subarray(0, length)]).toEqual([2, 1]);
});
