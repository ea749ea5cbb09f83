import { describe, expect, test } from "vitest";
import { fullness } from "./fullness.ts";

const GiB = 1024 ** 3;
const space = { freeBytes: 50 * GiB, diskBytes: 100 * GiB, bytes: GiB };

describe("the log's disk", () => {
  test("is low before it is full, and full before nothing is left", () => {
    expect(fullness(space, {}).state).toBe("ok");
    expect(fullness({ ...space, freeBytes: 0.9 * GiB }, {}).state).toBe("low");
    expect(fullness({ ...space, freeBytes: 0.2 * GiB }, {})).toEqual({
      state: "full",
      words: "205 MiB are free, and 256 MiB have to stay free. Free some space.",
    });
  });

  test("of a small disk little has to stay free", () => {
    const small = { freeBytes: 3_000_000, diskBytes: 4_000_000, bytes: 0 };
    expect(fullness(small, {}).state).toBe("ok");
    expect(fullness({ ...small, freeBytes: 70_000 }, {}).state).toBe("full");
  });

  test("what may wait to be shipped can be bounded", () => {
    expect(fullness(space, { mostUnshipped: 2 * GiB }).state).toBe("ok");
    expect(fullness(space, { mostUnshipped: 1.2 * GiB }).state).toBe("low");
    expect(fullness(space, { mostUnshipped: GiB }).words).toMatch(
      /^1.0 GiB of predictions wait to be shipped, and 1.0 GiB may\. Let/,
    );
  });
});
