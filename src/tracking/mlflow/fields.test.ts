import { describe, expect, test } from "vitest";
import { z } from "zod";
import { absent, double, integer, list, queryFields, readFields, text } from "./fields.ts";
import { numberTextAt } from "./number-text.ts";

const type = z.object({
  name: text(1),
  step: absent(integer()),
  value: absent(double()),
  points: list(z.object({ timestamp: integer() })),
});
const message = (given: unknown, body?: string): string => {
  try {
    readFields(type, given, body === undefined ? undefined : () => body);
  } catch (error) {
    return (error as Error).message;
  }
  return "fine";
};

describe("fields", () => {
  test("numbers come as texts, too, and null is absence", () => {
    expect(readFields(type, { name: "a", step: "7", value: "-Infinity", points: null })).toEqual({
      ...{ name: "a", step: 7, value: Number.NEGATIVE_INFINITY, points: [] },
    });
  });

  test.each([
    [{}, "Missing value for required parameter 'name'."],
    [{ name: "" }, "Missing value for required parameter 'name'."],
    [{ name: null }, "Missing value for required parameter 'name'."],
    [
      { name: 12 },
      "Invalid value 12 for parameter 'name' supplied: Hint: Value was of type 'int'.",
    ],
    [
      { name: "a", points: "foo" },
      `Invalid value "foo" for parameter 'points' supplied: Hint: Value was of type 'str'.`,
    ],
    [{ name: "a", points: [{}] }, "Missing value for required parameter 'points[0].timestamp'."],
    [
      { name: "a", points: [{ timestamp: "x" }] },
      `Invalid value "x" for parameter 'points[0].timestamp'`,
    ],
    [
      { name: "a", step: 1.5 },
      "Invalid value 1.5 for parameter 'step' supplied: Hint: Value was of type 'float'.",
    ],
    [{ name: "a", step: 2 ** 60 }, "for parameter 'step'"],
    [{ name: "a\0" }, "It holds a character of code 0"],
    [
      { name: { a: [true] } },
      `Invalid value {"a":[true]} for parameter 'name' supplied: Hint: Value was of type 'dict'.`,
    ],
  ])("%j: %s", (given, expected) => {
    expect(message(given)).toContain(expected);
  });

  test("a number is repeated as it was written", () => {
    const body = '{"x":{"name":1},"name":9.0}';
    expect(message(JSON.parse(body), body)).toContain(
      "Invalid value 9.0 for parameter 'name' supplied: Hint: Value was of type 'float'.",
    );
  });

  test("what is nested too deep is refused, not shown", () => {
    const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
    expect(message({ name: JSON.parse(deep) })).toContain("for parameter 'name' supplied");
  });

  test("a list given once in a query is a list of one; in a body it is a mistake", () => {
    const query = z.object({ ids: list(text()), key: text() });
    expect(readFields(query, queryFields(query, { ids: "a", key: "k" }))).toEqual({
      ids: ["a"],
      key: "k",
    });
    expect(readFields(query, queryFields(query, { ids: ["a", "b"], key: "k" })).ids).toEqual([
      "a",
      "b",
    ]);
    expect(() => readFields(query, { ids: "a", key: "k" })).toThrow(
      `Invalid value "a" for parameter 'ids'`,
    );
  });
});

describe("the text of a number", () => {
  const body = `{"a":[1,{"b":2.50},[3]],"c\\"":-0.0,"d":"9","e":1e3, "f" : 1 , "f":2.0}`;
  test.each([
    [["a", 0], "1"],
    [["a", 1, "b"], "2.50"],
    [["a", 2, 0], "3"],
    [['c"'], "-0.0"],
    [["d"], undefined],
    [["e"], "1e3"],
    [["f"], "2.0"],
    [["a"], undefined],
    [["nowhere"], undefined],
  ])("%j is %s", (path, text) => {
    expect(numberTextAt(body, path)).toBe(text);
  });
});
