import fc from "fast-check";
import { expect, test } from "vitest";
import { plainJson } from "./plain-json.ts";

const check = (value: unknown, most = 1000) => plainJson(value, "the result of step 'a'", most);

test("JSON comes back as it is", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "grapheme" }), (value) => {
      expect(check(value, 10 ** 7)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("nothing is null, and a field that is not there is left out", () => {
  expect(check(undefined)).toBe(null);
  expect(check({ a: undefined, b: 1 })).toEqual({ b: 1 });
});

test.each([
  [{ rows: [{ at: new Date(0) }] }, /step 'a': rows\[0\]\.at is a Date; give its toISOString/],
  [new Map(), /it is a Map, which is no JSON/],
  [new Uint8Array(3), /it is an? Uint8Array/],
  [{ n: Number.NaN }, /n is NaN; JSON has no such number/],
  [[1, undefined], /\[1\] is undefined; lists have null/],
  [() => 1, /it is a function/],
  [{ big: 1n }, /big is a bigint/],
  ["a\0b", /U\+0000/],
  [["\ud800"], /\[0\] has half a character/],
])("%o is refused with its place", (value, words) => {
  expect(() => check(value)).toThrow(words);
});

test("what refers to itself, and what is large, is refused", () => {
  const self: Record<string, unknown> = {};
  self.again = self;
  expect(() => check(self)).toThrow(/refers to itself/);
  expect(() => check("x".repeat(2000))).toThrow(
    /the result of step 'a' is 2002 characters of JSON; at most 1000 characters.*into a file/,
  );
});
