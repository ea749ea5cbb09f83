import { random } from "../lib/random.ts";
import type { Task } from "../lib/task.ts";
import { numberColumn, stringColumn, type Table, timeColumn } from "../table/table.ts";
import type { FeatureRole } from "../training/encoding/fit-encoder.ts";

const WORDS =
  "free prize call now meeting report naïve ΩMEGA 日本語 ok! $100 don't 08001234567".split(" ");
export const MIXED_COLUMNS: readonly { name: string; role: FeatureRole }[] = [
  { name: "age", role: "numeric" },
  { name: "income", role: "numeric" },
  { name: "year", role: "numeric" },
  { name: "at", role: "time" },
  { name: "country", role: "category" },
  { name: "domain", role: "category" },
  { name: "subject", role: "text" },
  { name: "body", role: "text" },
];

/** Missing values everywhere, rare and unseen categories, texts empty, unknown or not in Latin letters. */
export function mixedTable(rows: number, seed: number, fresh = false): Table {
  const r = random(seed);
  const maybe = <T>(value: T): T | null => (r.next() < 0.1 ? null : value);
  const list = <T>(make: (i: number) => T) => Array.from({ length: rows }, (_, i) => make(i));
  const numbers = (make: (i: number) => number) =>
    numberColumn(list((i) => maybe(make(i)) ?? Number.NaN));
  const words = (most: number) =>
    list(() =>
      maybe(
        list(() => WORDS[r.int(WORDS.length)])
          .slice(0, r.int(most))
          .join(" "),
      ),
    );
  return {
    rows,
    columns: new Map(
      Object.entries({
        age: numbers(() => 40 + 12 * r.normal()),
        income: numbers(() => Math.exp(6 + 2 * r.normal())),
        year: numbers(() => 2_000_000 + r.int(3)),
        at: timeColumn(list(() => maybe(1e9 + r.next() * (fresh ? 1e9 : 9e7)) ?? Number.NaN)),
        country: stringColumn(list(() => maybe(["de", "fr", "", fresh ? "xx" : "es"][r.int(4)]))),
        domain: stringColumn(list(() => maybe(`d${Math.floor(40 * r.next() ** 3)}.com`))),
        subject: stringColumn(words(8)),
        body: stringColumn(words(30)),
      }),
    ),
  };
}

/** Depends on `age` and, less, on chance. */
export function mixedTarget(table: Table, task: Task): Float64Array {
  const r = random("target");
  const age = table.columns.get("age");
  return Float64Array.from({ length: table.rows }, (_, i) => {
    const x = (age?.type === "number" ? age.values[i]! : 0) || 40;
    if (task === "regression") return x * 3 + 10 * r.normal();
    return task === "binary" ? Number(x + 10 * r.normal() > 45) : r.int(3);
  });
}
