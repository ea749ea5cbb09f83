import { expect, test } from "vitest";
import { random } from "./random.ts";
import { sortFloats } from "./sort-floats.ts";

const bytes = (values: Float32Array) => new Uint8Array(values.slice().buffer);

test.each([0, 1, 1023, 1024, 5000])("%i numbers are sorted as the engine sorts them", (n) => {
  const rng = random(n);
  const odd = [
    0,
    -0,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e-45,
    -1e-45,
    3e38,
    -3e38,
  ];
  const values = Float32Array.from({ length: n }, (_, i) =>
    i % 7 === 0 ? odd[rng.int(odd.length)]! : rng.normal() * 10 ** (rng.int(30) - 15),
  );
  const expected = values.slice().sort();
  expect(bytes(sortFloats(values))).toEqual(bytes(expected));
});

test("a part of an array is sorted, and the rest of it left alone", () => {
  const rng = random(1);
  const all = Float32Array.from({ length: 6000 }, () => rng.normal());
  const expected = all.slice();
  expected.subarray(1000, 5000).sort();
  sortFloats(all.subarray(1000, 5000));
  expect(bytes(all)).toEqual(bytes(expected));
});
