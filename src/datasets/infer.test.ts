import { describe, expect, test } from "vitest";
import { random } from "../lib/random.ts";
import { type Column, numberColumn, stringColumn, type Table, timeColumn } from "../table/table.ts";
import { type InferenceInput, inferTable } from "./infer.ts";

const N = 400;
const rng = random(1);
const noise = Array.from({ length: N }, () => rng.next());
const y = noise.map((u) => (u < 0.3 ? 1 : 0));
const other = Array.from({ length: N }, () => rng.next());

function infer(columns: Record<string, Column>, options: Partial<InferenceInput> = {}) {
  const sample: Table = { rows: N, columns: new Map(Object.entries(columns)) };
  return inferTable({ sample, sampled: Array.from({ length: N }, (_, i) => i), ...options });
}
const roleOf = (inference: ReturnType<typeof infer>, name: string) =>
  inference.columns.find((c) => c.name === name)!.role;
const numbers = (f: (i: number) => number) =>
  numberColumn(Array.from({ length: N }, (_, i) => f(i)));
const texts = (f: (i: number) => string | null) =>
  stringColumn(Array.from({ length: N }, (_, i) => f(i)));

describe("roles", () => {
  const inference = infer({
    number: numbers((i) => other[i]! * 10),
    small: numbers((i) => i % 4),
    zip_code: numbers((i) => 10_000 + (i % 25)),
    instant: numbers((i) => i + 1),
    customer_id: numbers((i) => (i * 7919) % 104_729),
    customerID: texts((i) => `7590-${i}V`),
    plan: texts((i) => ["free", "pro"][i % 2]!),
    empty: numbers(() => Number.NaN),
    same: texts(() => "x"),
    subject: texts((i) => `some words of subject ${i}`),
    at: timeColumn(Array.from({ length: N }, (_, i) => 1.6e9 + i * 3600)),
  });
  test.each([
    ["number", "numeric"],
    ["small", "numeric"],
    ["zip_code", "category"],
    ["instant", "id"],
    ["customer_id", "id"],
    ["customerID", "id"],
    ["plan", "category"],
    ["empty", "constant"],
    ["same", "constant"],
    ["subject", "text"],
    ["at", "time"],
  ])("%s is %s", (name, role) => {
    expect(roleOf(inference, name)).toBe(role);
  });

  test("the key is a text id before a running number; the time is the column the rows stand in", () => {
    expect(inference.key?.column).toBe("customerID");
    expect(inference.time).toMatchObject({
      column: "at",
      reason: expect.stringContaining("in its order"),
    });
  });

  test("what a person decided holds", () => {
    const said = infer(
      { small: numbers((i) => i % 4), t: numbers((i) => y[i]!) },
      { target: "t", roles: { small: "category" } },
    );
    expect(roleOf(said, "small")).toBe("category");
  });
});

describe("task", () => {
  const taskOf = (column: Column) => {
    const { target } = infer(
      { target: column, x: numbers((i) => other[i]!) },
      { target: "target" },
    );
    return [target!.task, target!.positive ?? target!.classes.length];
  };
  test.each<[string, Column, unknown[]]>([
    [
      "Yes / No: the word that is asked for",
      texts((i) => (i % 4 === 0 ? "No" : "Yes")),
      ["binary", "Yes"],
    ],
    ["spam / ham", texts((i) => (i % 2 ? "spam" : "ham")), ["binary", "spam"]],
    ["0 / 1", numbers((i) => (i % 4 ? 1 : 0)), ["binary", "1"]],
    ["1 / 2: the rarer", numbers((i) => (i % 4 ? 1 : 2)), ["binary", "2"]],
    ["two words: the rarer", texts((i) => (i % 4 ? "<=50K" : ">50K")), ["binary", ">50K"]],
    ["seven texts", texts((i) => `c${i % 7}`), ["multiclass", 7]],
    ["ten even digits", numbers((i) => i % 10), ["multiclass", 10]],
    ["a count", numbers((i) => Math.floor(-Math.log(noise[i]!) * 30)), ["regression", 0]],
    ["a skewed small count", numbers((i) => (i < 395 ? 0 : i - 394)), ["regression", 0]],
    ["fractions", numbers((i) => (i % 5) / 2), ["regression", 0]],
    ["amounts with gaps", numbers((i) => [0, 10, 50, 100][i % 4]!), ["regression", 0]],
  ])("%s", (_, column, expected) => {
    expect(taskOf(column)).toEqual(expected);
  });
});

describe("leaks", () => {
  const leaksOf = (columns: Record<string, Column>, target = "y") =>
    infer({ y: numbers((i) => y[i]!), ...columns }, { target }).leaks.map((l) => l.column);

  test("a category that is the answer, and the column named after it", () => {
    const columns = {
      status: texts((i) => (y[i] ? "Canceled" : "Check-Out")),
      status_date: timeColumn(Array.from({ length: N }, (_, i) => 86_400 * (i % 50))),
      plan: texts((i) => (other[i]! < 0.5 ? "a" : "b")),
    };
    expect(leaksOf(columns)).toEqual(["status", "status_date"]);
    expect(roleOf(infer({ y: numbers((i) => y[i]!), ...columns }, { target: "y" }), "status")).toBe(
      "leak",
    );
  });

  test("a number that orders the answer, in either direction, with its missing values", () => {
    expect(leaksOf({ score: numbers((i) => noise[i]!) })).toEqual(["score"]);
    expect(leaksOf({ closed_days: numbers((i) => (y[i] ? 3 : Number.NaN)) })).toEqual([
      "closed_days",
    ]);
  });

  test("two numbers whose sum is the target, and not two that only come near", () => {
    const a = (i: number) => Math.floor(noise[i]! * 50);
    const b = (i: number) => Math.floor(other[i]! * 200);
    const sum = {
      y: numbers((i) => a(i) + b(i)),
      casual: numbers(a),
      registered: numbers(b),
      hr: numbers((i) => i % 24),
    };
    expect(leaksOf(sum)).toEqual(["casual", "registered"]);
    expect(leaksOf({ ...sum, y: numbers((i) => a(i) + b(i) + (i % 3)) })).toEqual([]);
  });

  test("an id whose leading part is the answer keeps its role, with the warning", () => {
    const id = texts((i) => `${y[i] ? "spam" : "easy-ham"}/${i}`);
    const inference = infer({ y: numbers((i) => y[i]!), id }, { target: "y" });
    expect(inference.columns[1]).toMatchObject({
      role: "id",
      reason: expect.stringContaining("leading part alone tells"),
    });
  });

  test("flags of which exactly one is set, the target among them", () => {
    const kind = Array.from({ length: N }, (_, i) => (y[i] ? 0 : 1 + (i % 3)));
    const flag = (k: number) => numbers((i) => (kind[i] === k ? 1 : 0));
    expect(leaksOf({ f1: flag(1), f2: flag(2), f3: flag(3), free: numbers((i) => i % 2) })).toEqual(
      ["f1", "f2", "f3"],
    );
  });

  test("many values do not leak by memory, strong features do not leak by being good", () => {
    expect(
      leaksOf({
        town: texts((i) => `town ${i % 150}`),
        good: numbers((i) => noise[i]! + 0.3 * other[i]!),
      }),
    ).toEqual([]);
  });
});
