import { describe, expect, test } from "vitest";
import { fromHalf, toHalf } from "./float16.ts";

describe("half precision", () => {
  test("every half there is comes back as itself", () => {
    for (let half = 0; half < 0x10000; half++) {
      const value = fromHalf(half);
      if (Number.isNaN(value)) expect(Number.isNaN(fromHalf(toHalf(value)))).toBe(true);
      else expect(toHalf(value)).toBe(half);
    }
  });

  test("numbers between two halves go to the nearer one, ties to the even one", () => {
    for (let half = 0; half < 0x7bff; half++) {
      const [low, high] = [fromHalf(half), fromHalf(half + 1)];
      const middle = (low + high) / 2;
      expect(toHalf(middle)).toBe(half % 2 === 0 ? half : half + 1);
      expect(toHalf(low + (high - low) * 0.49)).toBe(half);
      expect(toHalf(low + (high - low) * 0.51)).toBe(half + 1);
    }
  });

  test("known values of IEEE 754", () => {
    expect(fromHalf(0x3c00)).toBe(1);
    expect(fromHalf(0x7bff)).toBe(65504);
    expect(fromHalf(0x0001)).toBe(2 ** -24);
    expect(fromHalf(0xfc00)).toBe(Number.NEGATIVE_INFINITY);
    expect(Object.is(fromHalf(0x8000), -0)).toBe(true);
    expect(toHalf(65519)).toBe(0x7bff);
    expect(toHalf(65520)).toBe(0x7c00);
    expect(toHalf(-1e9)).toBe(0xfc00);
    expect(toHalf(1e-9)).toBe(0);
  });
});
