import { describe, expect, test } from "vitest";
import { checkKey, checkLength, truncated } from "./names.ts";

describe("keys", () => {
  test.each(["a", "loss/train", "ä_1.b-c d:e", "日本", "..a".slice(1), "a..b", "हिन्दी"])(
    "%s may be one",
    (key) => {
      expect(() => checkKey("key", key)).not.toThrow();
    },
  );

  test.each([
    ["../path", "'../path'"],
    ["a/../b", "'b'"],
    ["/a", "'/a'"],
    ["a//b", "'a/b'"],
    ["a/", "'a'"],
    ["./a", "'a'"],
    [".", "'.'"],
    ["", "'.'"],
    ["a/../..", "'..'"],
  ])("%s would be another path", (key, normal) => {
    expect(() => checkKey("metrics[0].name", key)).toThrow(
      `for parameter 'metrics[0].name' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to ${normal}`,
    );
  });

  test.each(["a\nb", "a'; drop table x; --", "a\tb", "😀", "a%b", "a\\b"])(
    "%s has other characters",
    (key) => {
      expect(() => checkKey("key", key)).toThrow(
        /Invalid value ".*" for parameter 'key' supplied: Names may only contain/,
      );
    },
  );

  test("length is counted in characters, and so is what is cut", () => {
    expect(() => checkLength("key", 3, "😀😀😀")).not.toThrow();
    expect(() => checkLength("key", 3, "😀😀😀a")).toThrow(
      "'key' exceeds the maximum length of 3 characters",
    );
    expect(() => checkLength("key", 3, "aaaaaaaaaa")).toThrow("exceeds");
    expect(truncated("😀😀😀a", 3)).toBe("😀😀😀");
    expect(truncated("abc", 3)).toBe("abc");
    expect(truncated("a".repeat(7000), 6000)).toHaveLength(6000);
  });
});
