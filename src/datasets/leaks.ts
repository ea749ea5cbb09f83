import type { Column, Table } from "../table/table.ts";
import { separationBinary, separationMulticlass, separationRegression } from "./separation.ts";
import { type TargetInference, valueCounts } from "./target.ts";

export interface Leak {
  readonly column: string;
  readonly reason: string;
}

const CERTAIN = 0.99;
/** With fewer rows a column may separate the classes by luck. */
const FEWEST_ROWS = 50;
const MOST_PAIRED = 300;

/**
 * Columns that know the answer: by themselves (AUC, accuracy or R² above 0.99), together (two numbers whose sum, difference
 * or product is the target; flags of which exactly one is set, the target among them), or by name (`status_date` beside a leaking
 * `status`). A column written after the fact that only hints at the answer cannot be found this way.
 * @param candidates columns to look at; ids are probed by their leading part ("spam-2/00026").
 */
export function findLeaks(
  table: Table,
  target: TargetInference,
  candidates: readonly string[],
  ids: readonly string[],
): Leak[] {
  const known = knownRows(table.columns.get(target.target)!);
  if (known.length < FEWEST_ROWS) return [];
  const answer = take(table.columns.get(target.target)!, known);
  const columns = new Map(candidates.map((name) => [name, take(table.columns.get(name)!, known)]));
  const judge = judgeOf(answer, target);
  const leaks = new Map<string, string>();
  for (const [name, column] of columns) {
    const found = judge(column);
    if (found) leaks.set(name, found);
  }
  for (const name of ids) {
    const prefix = leadingPart(take(table.columns.get(name)!, known));
    const found = prefix && judge(prefix);
    if (found) leaks.set(name, `its leading part alone tells the target (${found})`);
  }
  if (answer.type === "number") {
    for (const [name, reason] of arithmetic(answer.values, columns)) leaks.set(name, reason);
    for (const [name, reason] of oneOfMany(answer.values, columns)) leaks.set(name, reason);
  }
  for (const name of candidates) {
    const parent = [...leaks.keys()].find((leak) => name.startsWith(`${leak}_`));
    if (parent && !leaks.has(name))
      leaks.set(name, `named after '${parent}', which knows the target: probably recorded with it`);
  }
  return [...leaks].map(([column, reason]) => ({ column, reason }));
}

function judgeOf(answer: Column, { task, target, classes, positive }: TargetInference) {
  const says = (measure: string, value: number) =>
    value > CERTAIN
      ? `alone it tells '${target}' almost perfectly (${measure} ${value > 0.9995 ? "1.000" : value.toFixed(3)})`
      : undefined;
  if (task === "regression") {
    const y = (answer as { values: Float64Array }).values;
    return (column: Column) => says("R²", separationRegression(column, y));
  }
  const texts = textsOf(answer);
  if (task === "binary") {
    const y = Uint8Array.from(texts, (text) => (text === positive ? 1 : 0));
    return (column: Column) => says("AUC", separationBinary(column, y));
  }
  const index = new Map(classes.map((name, k) => [name, k]));
  const y = Uint16Array.from(texts, (text) => index.get(text)!);
  const commonest = Math.max(...valueCounts(answer).values()) / texts.length;
  return (column: Column) =>
    commonest < CERTAIN
      ? says("accuracy", separationMulticlass(column, y, classes.length))
      : undefined;
}

/** Pairs of number columns that make up the target, row by row. */
function* arithmetic(
  y: Float64Array,
  columns: ReadonlyMap<string, Column>,
): Generator<[string, string]> {
  const numeric = [...columns].flatMap(([name, c]) =>
    c.type === "number" ? [{ name, x: c.values }] : [],
  );
  if (numeric.length > MOST_PAIRED) return;
  const ways = [
    ["the sum of", "and", (a: number, b: number) => a + b],
    ["the difference of", "and", (a: number, b: number) => Math.abs(a - b)],
    ["the product of", "and", (a: number, b: number) => a * b],
  ] as const;
  for (let i = 0; i < numeric.length; i++)
    for (let j = i + 1; j < numeric.length; j++)
      for (const [words, and, way] of ways) {
        const [a, b] = [numeric[i]!, numeric[j]!];
        if (!makesUp(y, a.x, b.x, way)) continue;
        const reason = `'${a.name}' ${and} '${b.name}' give the target: it is ${words} the two`;
        yield [a.name, reason];
        yield [b.name, reason];
      }
}

function makesUp(
  y: Float64Array,
  a: Float64Array,
  b: Float64Array,
  way: (a: number, b: number) => number,
): boolean {
  let [wrong, telling] = [0, 0];
  const allowed = 0.01 * y.length;
  for (let i = 0; i < y.length; i++) {
    const made = way(a[i]!, b[i]!);
    if (!(Math.abs(made - y[i]!) <= 1e-6 * Math.max(1, Math.abs(y[i]!))) && ++wrong > allowed)
      return false;
    // A row where the other number is neutral (0 or 1) shows nothing about the pair.
    if (a[i] !== 0 && b[i] !== 0 && a[i] !== 1 && b[i] !== 1) telling++;
  }
  return telling > 0.1 * y.length;
}

/** Flags (0/1) of which exactly one is set in each row, the target among them. */
function* oneOfMany(
  y: Float64Array,
  columns: ReadonlyMap<string, Column>,
): Generator<[string, string]> {
  if (y.some((v) => v !== 0 && v !== 1)) return;
  const excluded = [...columns].flatMap(([name, c]) =>
    c.type === "number" &&
    c.values.every((v, i) => v === 0 || (v === 1 && y[i] === 0)) &&
    c.values.includes(1)
      ? [{ name, x: c.values }]
      : [],
  );
  if (
    excluded.length < 2 ||
    !y.every((v, i) => v + excluded.reduce((sum, c) => sum + c.x[i]!, 0) === 1)
  )
    return;
  for (const { name } of excluded)
    yield [
      name,
      `exactly one of '${name}' and ${excluded.length} flags like it is set in each row, the target among them`,
    ];
}

/** The part of an id before its first digit run or separator, when that part groups the rows; numbers have none. */
function leadingPart(column: Column): Column | undefined {
  if (column.type !== "string") return undefined;
  const index = new Map<string, number>();
  const mapped = column.dictionary.map((text) => {
    const part = /^[^/:|]{1,40}(?=[/:|])|^[A-Za-z]+/.exec(text)?.[0] ?? "";
    if (!index.has(part)) index.set(part, index.size);
    return index.get(part)!;
  });
  if (index.size < 2 || index.size > 200) return undefined;
  const codes = column.codes.map((code) => (code < 0 ? -1 : mapped[code]!));
  return { type: "string", codes, dictionary: [...index.keys()] };
}

function knownRows(column: Column): number[] {
  const rows: number[] = [];
  const n = column.type === "string" ? column.codes.length : column.values.length;
  for (let i = 0; i < n; i++)
    if (column.type === "string" ? column.codes[i]! >= 0 : !Number.isNaN(column.values[i]!))
      rows.push(i);
  return rows;
}

function take(column: Column, rows: readonly number[]): Column {
  if (column.type === "string")
    return { ...column, codes: Int32Array.from(rows, (r) => column.codes[r]!) };
  return { ...column, values: Float64Array.from(rows, (r) => column.values[r]!) };
}

const textsOf = (column: Column): string[] =>
  column.type === "string"
    ? Array.from(column.codes, (code) => column.dictionary[code]!)
    : Array.from(column.values, String);
