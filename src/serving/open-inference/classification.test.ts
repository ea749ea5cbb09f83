import { expect, test } from "vitest";
import { classified } from "./classification.ts";

const tensor = (datatype: "FP32" | "INT64" | "BYTES", shape: number[], data: readonly unknown[]) =>
  ({ name: "t", datatype, shape, data }) as never;

test("the largest values of each row, with their labels when there is one for each", () => {
  const scores = tensor("FP32", [2, 3], [0.1, 0.7, 0.2, 0.5, 0.25, 0.25]);
  expect(classified(scores, 2, ["a", "b", "c"])).toMatchObject({
    ...{ name: "t", datatype: "BYTES", shape: [2, 2] },
    data: ["0.700000:1:b", "0.200000:2:c", "0.500000:0:a", "0.250000:1:b"],
  });
  expect(classified(scores, 9, ["a"]).data).toHaveLength(6);
  expect(classified(scores, 1, ["a"]).data).toEqual(["0.700000:1", "0.500000:0"]);
});

test("one axis is one row; integers keep their digits", () => {
  const ids = tensor("INT64", [2], [9007199254740993n, 1n] as never);
  expect(classified(ids, 1, [])).toMatchObject({ shape: [1], data: ["9007199254740993:0"] });
});

test("wrong counts and outputs without numbers are refused", () => {
  for (const count of [0, -1, 1.5, "2", null] as const)
    expect(() => classified(tensor("FP32", [1], [1]), count, [])).toThrow("classification");
  expect(() => classified(tensor("BYTES", [1], ["a"]), 1, [])).toThrow("only outputs of numbers");
});
