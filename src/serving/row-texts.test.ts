import fc from "fast-check";
import { expect, test } from "vitest";
import { rowTexts } from "./row-texts.ts";

test("rows as they were written, spaces and digits included", () => {
  expect(rowTexts('{"rows": [{"a": 1.50}, {"b":"é\\n"} ], "version": 2}', 2)).toEqual([
    '{"a": 1.50}',
    '{"b":"é\\n"}',
  ]);
});

test.each([
  ['{"rows":[{"a":"}"},{"b":1}]}', 2],
  ['{"rows":[{"a":"{"},{"b":1}]}', 2],
  ['{"rows":[{"a":"}{"},{"b":1}]}', 2],
  ['{"version":"}","rows":[{"a":1}]}', 1],
  ['{"rows":[{"a":1}],"version":"{"}', 1],
  ['{"rows":[{"a":1}],"rows":[{"a":2}]}', 1],
  ['{"rows":[{"a":[{"b":1}]}]}', 1],
  ['{"rows":[\n{"a":1}]}', 1],
  ['{"rows":[{"a":1}]}', 2],
])("not of %s", (body, count) => {
  expect(rowTexts(body, count)).toBeUndefined();
});

test("whatever is in the rows: their own texts, or none", () => {
  const odd = fc.constantFrom("a", "{", "}", '"', "\\", "],");
  const name = fc.oneof({ weight: 1, arbitrary: odd }, { weight: 29, arbitrary: fc.string() });
  const cell = fc.oneof(name, fc.double(), fc.boolean(), fc.constant(null), fc.array(name));
  const nested = fc.oneof({ weight: 9, arbitrary: cell }, { weight: 1, arbitrary: fc.object() });
  const rows = fc.array(fc.dictionary(name, nested), { minLength: 1, maxLength: 4 });
  let found = 0;
  fc.assert(
    fc.property(rows, fc.option(name), fc.boolean(), (given, version, before) => {
      const wish = version === null ? {} : { version };
      const body = JSON.stringify(before ? { ...wish, rows: given } : { rows: given, ...wish });
      const texts = rowTexts(body, given.length);
      if (texts === undefined) return;
      found++;
      expect(texts).toEqual(given.map((row) => JSON.stringify(row)));
    }),
    { numRuns: 1000, seed: 1 },
  );
  expect(found).toBeGreaterThan(100);
});
