import { expect, test } from "vitest";
import { isName } from "./name.ts";

test("names begin with a letter or digit and have no more than 100 plain characters", () => {
  for (const name of ["a", "7", "Spam-2.1_x", "a".repeat(100)]) expect(isName(name)).toBe(true);
  for (const name of ["", "-a", ".a", "_a", "a b", "a@b", "a/b", "é", "a\n", "a".repeat(101)])
    expect(isName(name)).toBe(false);
});
