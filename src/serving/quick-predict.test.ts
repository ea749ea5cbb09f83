import fc from "fast-check";
import { expect, test } from "vitest";
import { serving } from "../../sdk/src/contract/serving.ts";
import { quickPredict } from "./quick-predict.ts";

test("takes what callers plainly send", () => {
  const rows = [{ a: 1, b: null }];
  expect(quickPredict({ rows, version: 2, explain: true }, { model: "m" })).toEqual({
    model: "m",
    rows,
    version: 2,
    explain: true,
  });
});

test("accepts nothing the contract refuses, and means the same", () => {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constant(undefined));
  const rows = fc.oneof(fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }), value);
  const body = fc.oneof(
    fc.record({ rows, version: value, explain: value }, { requiredKeys: [] }),
    fc.dictionary(fc.constantFrom("rows", "version", "model", "explain", "x"), value),
  );
  fc.assert(
    fc.property(body, (given) => {
      const plain = quickPredict(given, { model: "m" });
      if (plain === undefined) return;
      const judged = serving.predict.input.strict().safeParse({ ...given, model: "m" });
      expect(judged.success).toBe(true);
      expect(plain).toEqual({ version: undefined, explain: undefined, ...judged.data });
    }),
    { numRuns: 500 },
  );
});
