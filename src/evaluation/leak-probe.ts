import type { Target, Task } from "../lib/task.ts";
import { delong } from "../stats/delong.ts";
import { ranks } from "../stats/ranks.ts";
import type { Column, StringColumn, Table } from "../table/table.ts";

/** How well a single column alone orders the target: 0.5 = not at all, 1 = it knows the answer. */
export interface LeakProbe {
  readonly column: string;
  /**
   * Binary: AUC of the column (either direction). Multiclass: the best one-against-the-rest AUC among classes with 1 % of the rows.
   * Regression: (1 + |Spearman's rho|) / 2.
   */
  readonly strength: number;
}

/** Strongest first. Text values are scored by the target's mean in the other half of the rows, so a key that never repeats scores 0.5. */
export function leakProbe(
  table: Table,
  target: Target,
  task: Task,
  columns: readonly string[] = [...table.columns.keys()],
): readonly LeakProbe[] {
  return columns
    .flatMap((name) => {
      const column = table.columns.get(name);
      return column === undefined
        ? []
        : [{ column: name, strength: strength(column, target, task) }];
    })
    .filter((probe) => Number.isFinite(probe.strength))
    .sort((a, b) => b.strength - a.strength);
}

function strength(column: Column, target: Target, task: Task): number {
  if (task === "regression") {
    const scores = columnScores(column, target);
    const both = knownBoth(scores, target);
    return (1 + Math.abs(correlation(ranks(both.scores), ranks(both.target)))) / 2;
  }
  const classes = task === "binary" ? [1] : frequentClasses(target);
  return Math.max(
    ...classes.map((k) => {
      const isClass = target.map((t) => (Number.isNaN(t) ? Number.NaN : t === k ? 1 : 0));
      const both = knownBoth(columnScores(column, isClass), isClass);
      const { auc } = delong(both.scores, both.target);
      return Math.max(auc, 1 - auc);
    }),
  );
}

/** A missing number is information too ("closed_at" is empty while the case is open): it sorts below all others. */
function columnScores(column: Column, target: Target): Float64Array {
  if (column.type === "string") return crossFitted(column, target);
  return column.values.map((x) => (Number.isNaN(x) ? -Number.MAX_VALUE : x));
}

function crossFitted({ codes, dictionary }: StringColumn, target: Target): Float64Array {
  const width = dictionary.length + 1;
  const sums = new Float64Array(2 * width);
  const counts = new Float64Array(2 * width);
  const totals = [0, 0];
  const known = [0, 0];
  for (let i = 0; i < codes.length; i++) {
    if (Number.isNaN(target[i]!)) continue;
    const half = i & 1;
    const at = half * width + codes[i]! + 1;
    sums[at] = sums[at]! + target[i]!;
    counts[at] = counts[at]! + 1;
    totals[half] = totals[half]! + target[i]!;
    known[half] = known[half]! + 1;
  }
  return Float64Array.from(codes, (code, i) => {
    const other = 1 - (i & 1);
    const at = other * width + code + 1;
    return counts[at] === 0 ? totals[other]! / Math.max(1, known[other]!) : sums[at]! / counts[at]!;
  });
}

function frequentClasses(target: Target): readonly number[] {
  const counts = new Map<number, number>();
  for (const t of target) if (!Number.isNaN(t)) counts.set(t, (counts.get(t) ?? 0) + 1);
  return [...counts].filter(([, n]) => n >= 0.01 * target.length).map(([k]) => k);
}

function knownBoth(scores: Float64Array, target: Target) {
  const keep = (_: number, i: number) => !Number.isNaN(target[i]!);
  return { scores: scores.filter(keep), target: target.filter(keep) };
}

function correlation(a: Float64Array, b: Float64Array): number {
  const centre = (a.length + 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i]! - centre) * (b[i]! - centre);
    aa += (a[i]! - centre) ** 2;
    bb += (b[i]! - centre) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
