import { describe, expect, test } from "vitest";
import { levelValue, memberName, namesOf } from "./member-name.ts";

const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

describe("names of members", () => {
  test.each([
    [0, ["acme"], "cancels.acme"],
    [0, ["9", "PRT", "Groups"], "cancels.9.PRT.Groups"],
    [1, ["PRT"], "cancels.L1.PRT"],
  ])("level %s %j is %s", (level, values, name) => {
    expect(memberName("cancels", level, values)).toBe(name);
  });

  test.each([
    [["Ünïcode & sons"]],
    [["../../etc"]],
    [["a b"]],
    [["L1", "x"]],
    [["x".repeat(300)]],
    [["日本"]],
    [["a.b"]],
  ])("values that are no names get a digest: %j", (values) => {
    const name = memberName("cancels", 0, values);
    expect(name).toMatch(MODEL_NAME);
    expect(name).toMatch(/\.[0-9a-f]{8}$/);
  });

  test("are all different", () => {
    const values = [["a b"], ["a-b"], ["a.b"], ["a", "b"], ["a", "b."], ["L1", "a"], ["ä b"]];
    const names = values.flatMap((v) => [memberName("f", 0, v), memberName("f", 1, v)]);
    expect(new Set(names).size).toBe(names.length);
  });

  test("a number and its text are one member; a missing value is none", () => {
    expect(levelValue(9)).toBe(levelValue("9"));
    expect(levelValue(true)).toBe("true");
    for (const missing of [null, undefined, "", Number.NaN, {}, []])
      expect(levelValue(missing)).toBeUndefined();
  });

  test("of a row: one a level, none where a value is missing", () => {
    const row: Record<string, unknown> = { tenant: 7, region: "north", industry: null };
    const levels = [["tenant"], ["industry", "region"], ["region"]];
    expect(namesOf("f", levels, (column) => row[column])).toEqual(["f.7", undefined, "f.L2.north"]);
  });
});
