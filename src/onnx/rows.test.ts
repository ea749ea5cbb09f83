import { expect, test } from "vitest";
import { graph } from "./graph.ts";
import { readMetadata } from "./model-file.ts";
import { readSignature } from "./read-signature.ts";
import { rowsToTable } from "./rows.ts";
import type { Signature } from "./signature.ts";

const signature: Signature = {
  task: "binary",
  target: "spam",
  classes: ["no", "yes"],
  columns: [
    { name: "size", role: "numeric" },
    { name: "at", role: "time" },
    { name: "domain", role: "category" },
    {
      name: "subject",
      role: "text",
      text: { words: { min: 1, max: 1 }, characters: null, vocabulary: ["free", "日本"] },
    },
  ],
};

test("rows become typed columns; absent, null and empty fields are missing", () => {
  const { table, problems } = rowsToTable(signature, [
    { size: 3, at: "1970-01-02", domain: true, subject: "hello" },
    { size: " 12.5 ", at: 86400, domain: 7 },
    { size: null, at: "", domain: "?", subject: "NA", other: [1] },
  ]);
  expect(problems).toEqual([]);
  expect(table.columns.get("size")).toEqual({
    type: "number",
    values: Float64Array.of(3, 12.5, Number.NaN),
  });
  expect(table.columns.get("at")).toEqual({
    type: "time",
    values: Float64Array.of(86400, 86400, Number.NaN),
  });
  expect(table.columns.get("domain")).toMatchObject({ dictionary: ["true", "7"] });
  expect(table.columns.get("subject")).toMatchObject({ codes: Int32Array.of(0, -1, -1) });
});

test("every wrong field is named with its row, value and what it should be", () => {
  const { problems } = rowsToTable(signature, [
    { size: "12,5", at: "yesterday", domain: ["a"], subject: {} },
    { size: 1, at: 1714550400000 },
  ]);
  expect(problems.map(({ row, column, value }) => [row, column, value])).toEqual([
    [0, "size", "12,5"],
    [0, "at", "yesterday"],
    [1, "at", 1714550400000],
    [0, "domain", "[…]"],
    [0, "subject", "{…}"],
  ]);
  expect(problems[0]!.expected).toBe("a finite number");
  expect(problems[1]!.expected).toMatch(/ISO 8601/);
});

test("the signature is read back from the file; other bytes are refused", () => {
  const g = graph();
  const file = g.encode(signature, { trainer: "linear" });
  expect(readSignature(file)).toEqual(signature);
  expect(readMetadata(file).get("trainer")).toBe("linear");
  expect(() => readSignature(Uint8Array.of(255, 255, 255))).toThrow(/no ONNX model/);
});
