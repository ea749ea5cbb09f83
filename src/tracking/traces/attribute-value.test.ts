import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../lib/json.ts";
import {
  type AttributeValue,
  ofDouble,
  ofInteger,
  ofMap,
  plainJson,
  pythonJson,
  wireValue,
} from "./attribute-value.ts";

/** AnyValue in protobuf's JSON back to what it stands for. */
function read(wire: { readonly [key: string]: Json }): unknown {
  const [[kind, value] = ["", null]] = Object.entries(wire);
  const within = (value as { values?: Json[] } | null)?.values ?? [];
  if (kind === "array_value") return within.map((item) => read(item as never));
  if (kind === "kvlist_value")
    return Object.fromEntries(
      within.map((pair) => [(pair as { key: string }).key, read((pair as { value: never }).value)]),
    );
  return kind === "double_value" ? Number(value) : value;
}

const VALUES = fc.letrec<{ any: { value: AttributeValue; plain: unknown } }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    fc.string().map((text) => ({ value: text, plain: text as unknown })),
    fc.boolean().map((flag) => ({ value: flag, plain: flag as unknown })),
    fc.double().map((number) => ({ value: ofDouble(number), plain: number as unknown })),
    fc
      .maxSafeInteger()
      .map((number) => ({ value: ofInteger(BigInt(number)), plain: number as unknown })),
    fc.array(tie("any")).map((items) => ({
      ...{ value: items.map(({ value }) => value), plain: items.map(({ plain }) => plain) },
    })),
    fc
      .dictionary(fc.oneof(fc.string(), fc.constantFrom("~int", "~map", "~x")), tie("any"))
      .map((map) => ({
        value: ofMap(Object.entries(map).map(([key, { value }]) => [key, value])),
        plain: Object.fromEntries(Object.entries(map).map(([key, { plain }]) => [key, plain])),
      })),
  ),
})).any;

describe("a value", () => {
  test("comes back from the database and over the wire as it was", () => {
    fc.assert(
      fc.property(VALUES, ({ value, plain }) => {
        const kept = JSON.parse(JSON.stringify(value)) as AttributeValue;
        expect(read(JSON.parse(wireValue(kept)))).toEqual(plain);
      }),
    );
  });

  test("keeps every digit of 64 bits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (number) => {
        expect(wireValue(ofInteger(number))).toBe(`{"int_value":${number}}`);
      }),
    );
  });

  test("is written as Python writes it", () => {
    const map = ofMap([
      ["a", ofDouble(1)],
      ["b", [null, true, ofInteger(2n ** 60n)]],
      ["ü", "\n"],
    ]);
    expect(pythonJson(map)).toBe('{"a": 1.0, "b": [null, true, 1152921504606846976], "ü": "\\n"}');
    expect(pythonJson(ofDouble(Number.NaN))).toBe("NaN");
    expect(plainJson(map)).toEqual({ a: 1, b: [null, true, 2 ** 60], ü: "\n" });
  });
});
