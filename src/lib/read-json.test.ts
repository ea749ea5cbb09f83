import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readJson } from "./read-json.ts";

describe("reading JSON", () => {
  test("whatever JSON.stringify writes comes back", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(readJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("Python's words for what JSON has no number for are read, in strings they are text", () => {
    const text = String.raw`{"a":[NaN,-Infinity,Infinity,-NaN,1],"NaN":"Infinity \" NaN","b":"\\"}`;
    expect(readJson(text)).toEqual({
      a: [null, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, null, 1],
      NaN: 'Infinity " NaN',
      b: "\\",
    });
  });

  test("anything else is refused in words", () => {
    for (const text of ["", "{", "[NaN", "NaNa", '"NaN', "[1,]", "Infinityy"])
      expect(() => readJson(text)).toThrow(/The body is not JSON/);
    const quotes = `"${'\\"'.repeat(200_000)}`;
    expect(() => readJson(quotes)).toThrow(/The body is not JSON/);
  });
});
