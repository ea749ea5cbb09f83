import fc from "fast-check";
import { expect, test } from "vitest";
import { digestOf, digestOfJson } from "./digest.ts";
import { canonicalJson } from "./json.ts";

test("keys are sorted at every depth, and what is undefined is not there", () => {
  expect(canonicalJson({ b: [{ d: 1, c: "é" }], a: null, e: undefined })).toBe(
    '{"a":null,"b":[{"c":"é","d":1}]}',
  );
});

test("reads back as what was written", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("numbers that have no JSON form are refused instead of becoming null", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, { a: [Number.NaN] }])
    expect(() => canonicalJson(value)).toThrow(RangeError);
  expect(() => canonicalJson(() => 1)).toThrow(TypeError);
});

test("equal values have equal digests, whatever the order of their keys", () => {
  expect(digestOfJson({ a: 1, b: 2 })).toBe(digestOfJson({ b: 2, a: 1, c: undefined }));
  expect(digestOfJson({ a: 1 })).not.toBe(digestOfJson({ a: "1" }));
});

test("a digest is the SHA-256 of the bytes", () => {
  expect(digestOf("abc")).toBe(
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  expect(digestOf(Uint8Array.of(97, 98, 99))).toBe(digestOf("abc"));
});
