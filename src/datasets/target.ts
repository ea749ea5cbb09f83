import { MillwrightError } from "../errors.ts";
import type { Task } from "../lib/task.ts";
import type { Column } from "../table/table.ts";

/** What is to be predicted, and why it is taken that way. */
export interface TargetInference {
  readonly task: Task;
  readonly target: string;
  /** Binary: [negative, positive]; multiclass: by name; regression: none. */
  readonly classes: readonly string[];
  readonly positive: string | undefined;
  readonly reason: string;
}

const MOST_CLASSES = 50;
const MOST_CODES = 20;
const POSITIVE_WORDS =
  /^(y|yes|true|t|positive|pos|spam|phish|phishing|fraud|fraudulent|bad|churn|churned|default|defaulted|cancel|cancell?ed|fail|failed|failure|faulty|defect|defective|flawed|anomaly|anomalous|attack|malignant|sick|disease|dead|died|late|won|win|clicked|converted)$/i;

/** @throws invalid_data when there is nothing to learn: no values, one value, or as many texts as rows. */
export function inferTarget(name: string, column: Column): TargetInference {
  const counts = valueCounts(column);
  const rows = [...counts.values()].reduce((sum, n) => sum + n, 0);
  const fail = (message: string) => {
    throw new MillwrightError("invalid_data", `target '${name}' ${message}`, {
      details: { target: name },
    });
  };
  if (rows === 0) fail("has no value in any row; choose another column or fill it");
  if (counts.size === 1)
    fail(
      `is '${[...counts.keys()][0]}' in all ${rows} rows: there is nothing to learn; bring rows of another class, or choose another column`,
    );
  if (column.type === "time")
    fail("is a date: predict a number or a class, for example the days until then");
  const classes = [...counts.keys()];
  if (counts.size === 2) return binary(name, counts);
  if (column.type === "string") {
    if (counts.size > MOST_CLASSES)
      fail(
        `has ${counts.size} different texts (such as '${classes.slice(0, 3).join("', '")}'); at most ${MOST_CLASSES} classes can be told apart: choose another column or group its values`,
      );
    return {
      task: "multiclass",
      target: name,
      classes: classes.sort(),
      positive: undefined,
      reason: `${counts.size} classes`,
    };
  }
  const codes = looksLikeClasses(counts);
  if (codes === undefined)
    return {
      task: "multiclass",
      target: name,
      classes: classes.sort((a, b) => Number(a) - Number(b)),
      positive: undefined,
      reason: `${counts.size} whole numbers of similar frequency: codes of classes`,
    };
  return { task: "regression", target: name, classes: [], positive: undefined, reason: codes };
}

/** Distinct values as text with their counts, by first appearance. */
export function valueCounts(column: Column): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (text: string) => counts.set(text, (counts.get(text) ?? 0) + 1);
  if (column.type === "string")
    for (const code of column.codes) {
      if (code >= 0) add(column.dictionary[code]!);
    }
  else for (const value of column.values) if (!Number.isNaN(value)) add(String(value));
  return counts;
}

function binary(name: string, counts: ReadonlyMap<string, number>): TargetInference {
  const [a, b] = [...counts.keys()] as [string, string];
  const [na, nb] = [counts.get(a)!, counts.get(b)!];
  const isWord = (text: string, other: string) =>
    POSITIVE_WORDS.test(text) || (text === "1" && (other === "0" || other === "-1"));
  const known = isWord(a, b) !== isWord(b, a) ? (isWord(a, b) ? a : b) : undefined;
  const positive = known ?? (na < nb || (na === nb && a > b) ? a : b);
  const share = ((100 * counts.get(positive)!) / (na + nb)).toFixed(0);
  return {
    task: "binary",
    target: name,
    classes: [positive === a ? b : a, positive],
    positive,
    reason: `two values; '${positive}' (${share} %) is ${known ? "the one that is asked for by its name" : "the rarer"}`,
  };
}

/** undefined: they are codes of classes. Otherwise why they are a quantity. */
function looksLikeClasses(counts: ReadonlyMap<string, number>): string | undefined {
  const values = [...counts.keys()].map(Number);
  if (values.some((v) => !Number.isInteger(v))) return "numbers with fractions";
  if (counts.size > MOST_CODES) return `${counts.size} different whole numbers`;
  if (Math.max(...values) - Math.min(...values) >= 2 * counts.size)
    return "whole numbers with gaps: an amount";
  const frequencies = [...counts.values()];
  if (Math.max(...frequencies) >= 100 * Math.min(...frequencies))
    return "whole numbers, some a hundred times rarer than others: a count";
  return undefined;
}
