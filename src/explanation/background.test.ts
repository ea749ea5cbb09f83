import { expect, test } from "vitest";
import { rowsToTable } from "../onnx/rows.ts";
import type { Signature } from "../onnx/signature.ts";
import { numberColumn, stringColumn, timeColumn } from "../table/table.ts";
import { backgroundRows, stratifiedRows } from "./background.ts";

test("background rows have every class in its share, and a rare one at least once", () => {
  const target = Float64Array.from({ length: 1000 }, (_, i) => (i === 7 ? 2 : Number(i % 4 === 0)));
  const rows = stratifiedRows(target, "multiclass", 1);
  const of = (y: number) => rows.filter((row) => target[row] === y).length;
  expect(rows).toHaveLength(200);
  expect(new Set(rows).size).toBe(200);
  expect(Math.abs(of(1) - 50)).toBeLessThanOrEqual(1);
  expect(of(2)).toBe(1);
  expect(stratifiedRows(target, "multiclass", 1)).toEqual(rows);
  expect(stratifiedRows(target, "multiclass", 2)).not.toEqual(rows);
});

test("of a number, every tenth of its values is there", () => {
  const target = Float64Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5000);
  const rows = stratifiedRows(target, "regression", 3);
  for (let part = 0; part < 10; part++)
    expect(rows.filter((row) => Math.floor(target[row]! / 500) === part)).toHaveLength(20);
  expect([...stratifiedRows(target.subarray(0, 5), "regression", 3)]).toEqual([0, 1, 2, 3, 4]);
});

test("rows are read back as they were, missing values too", () => {
  const signature: Pick<Signature, "columns"> = {
    columns: [
      { name: "size", role: "numeric" },
      { name: "at", role: "time" },
      { name: "domain", role: "category" },
    ],
  };
  const columns = new Map(
    Object.entries({
      size: numberColumn([1.5, Number.NaN]),
      at: timeColumn([Number.NaN, 86_400]),
      domain: stringColumn(["a.com", null]),
      secret: stringColumn(["not a column of the model", "x"]),
    }),
  );
  const rows = backgroundRows(signature, { rows: 2, columns });
  expect(rows).toEqual([{ size: 1.5, domain: "a.com" }, { at: 86_400 }]);
  const { table, problems } = rowsToTable(signature, rows);
  expect(problems).toEqual([]);
  for (const { name } of signature.columns)
    expect(table.columns.get(name)).toEqual(columns.get(name));
});
