import { MillwrightError } from "../errors.ts";
import { random } from "../lib/random.ts";
import { rowsWhere } from "../lib/rows-where.ts";
import { ascendingOrder } from "../stats/ranks.ts";
import { formatTime } from "../table/time.ts";
import { entities, type SplitColumns, strata, unitHash } from "./strata.ts";

export type SplitKind = "time" | "random" | "stratified" | "grouped";

export interface SplitInput extends SplitColumns {
  readonly kind: SplitKind;
  /** Share of rows for the test, 0..1 exclusive. */
  readonly testShare: number;
}

export interface Split {
  /** Row numbers, ascending. The two never share a row and together are all rows. */
  readonly train: Uint32Array;
  readonly test: Uint32Array;
  /** In words: how it was split, and what another way would have hidden. */
  readonly reason: string;
}

/**
 * Which rows a model may learn from and which judge it in the end.
 * `time`: the latest rows are the test; rows of one moment stay together; rows without a time are learned from.
 * `grouped`: by hash of the key, so that all rows of an entity are on one side, in every version of the data. `random` and
 * `stratified` become `grouped` when a key is given that comes more than once.
 * @throws invalid_data when the rows cannot be split that way.
 */
export function split(input: SplitInput): Split {
  const { rows, testShare } = input;
  if (!(testShare > 0 && testShare < 1))
    throw new MillwrightError(
      "invalid_input",
      `test share ${testShare} must lie between 0 and 1, such as 0.2`,
    );
  if (rows < 2)
    throw new MillwrightError(
      "invalid_data",
      `${rows} rows cannot be split into training and test`,
    );
  const kind = kindOf(input);
  if (kind === "time") return byTime(input);
  if (kind === "grouped") return grouped(input);
  return kind === "stratified" ? stratified(input) : shuffled(input);
}

/** The way the rows will be split, given what columns there are. */
export function kindOf({ kind, key, rows }: Pick<SplitInput, "kind" | "key" | "rows">): SplitKind {
  if ((kind !== "random" && kind !== "stratified") || !key) return kind;
  return entities(key, rows).count < rows ? "grouped" : kind;
}

function byTime({ rows, time, testShare }: SplitInput): Split {
  if (!time)
    throw new MillwrightError(
      "invalid_input",
      "a split by time needs a time column; name one in `time`, or split at random",
    );
  const known = knownTimes(time);
  const [first, last] = [known[0], known[known.length - 1]];
  if (first === undefined || first === last)
    throw new MillwrightError(
      "invalid_data",
      first === undefined
        ? "the time column has no value in any row: split at random, or name another column"
        : `every row has the same time (${formatTime(first)}): split at random, or name another column`,
    );
  const border = known[tieFreeBorder(known, Math.round(rows * testShare))]!;
  const test = rowsWhere(rows, (i) => time[i]! >= border);
  const train = rowsWhere(rows, (i) => !(time[i]! >= border));
  const unknown = rows - known.length;
  return {
    train,
    test,
    reason:
      `by time: the test is every row from ${formatTime(border)} on (${share(test, rows)}), training is all before it. The model will be used on rows later than those it ` +
      `learned from; a random split would let it learn from the future of its test rows and flatter it.${unknown > 0 ? ` ${unknown} rows without a time are in training.` : ""}`,
  };
}

/** Ascending. */
export function knownTimes(time: Float64Array): Float64Array {
  const known = new Float64Array(time.length);
  let count = 0;
  for (let i = 0; i < time.length; i++) if (!Number.isNaN(time[i]!)) known[count++] = time[i]!;
  return known.subarray(0, count).sort();
}

/** Where the sorted times may be cut so that about `wanted` rows are behind and no equal times are parted. 1..n-1. */
export function tieFreeBorder(sorted: Float64Array, wanted: number): number {
  const n = sorted.length;
  const aim = Math.min(n - 1, Math.max(1, n - wanted));
  for (let away = 0; away < n; away++)
    for (const at of [aim - away, aim + away])
      if (at >= 1 && at < n && sorted[at] !== sorted[at - 1]) return at;
  return n;
}

function grouped({ rows, key, testShare, seed }: SplitInput): Split {
  if (!key)
    throw new MillwrightError(
      "invalid_input",
      "a grouped split needs a key column; name one in `key`",
    );
  const groups = entities(key, rows);
  if (groups.count < 2)
    throw new MillwrightError(
      "invalid_data",
      "all rows have the same key: they cannot be parted without sharing it; split by time or at random",
    );
  const place = Float64Array.from({ length: groups.count }, (_, g) =>
    unitHash(`${seed}/${groups.name(g)}`),
  );
  const inTest = new Uint8Array(groups.count);
  let taken = 0;
  for (let i = 0; i < rows; i++) if (place[groups.of[i]!]! < testShare) taken++;
  if (taken >= 0.5 * testShare * rows && taken <= Math.min(1.5 * testShare, 0.9) * rows) {
    for (let g = 0; g < groups.count; g++) inTest[g] = place[g]! < testShare ? 1 : 0;
  } else {
    // Few or very unequal entities: take them in the order of their hash until the share is reached.
    const sizes = new Float64Array(groups.count);
    for (const g of groups.of) sizes[g]!++;
    let filled = 0;
    for (const g of ascendingOrder(place)) {
      if (filled > 0 && (filled >= testShare * rows || filled + sizes[g]! > 0.9 * rows)) continue;
      if (filled === 0 && sizes[g]! > 0.9 * rows) continue;
      inTest[g] = 1;
      filled += sizes[g]!;
    }
  }
  const test = rowsWhere(rows, (i) => inTest[groups.of[i]!] === 1);
  const train = rowsWhere(rows, (i) => inTest[groups.of[i]!] === 0);
  return {
    train,
    test,
    reason: `by key: each of ${groups.count} entities is wholly in training or wholly in the test (${share(test, rows)}). Rows of one entity are alike; on both sides they would let the model recognise it and flatter it.`,
  };
}

function stratified(input: SplitInput): Split {
  const classes = strata(input.target);
  if (!classes) return shuffled(input);
  const rng = random(`${input.seed}/split`);
  const test: number[] = [];
  for (const members of classes) {
    const wanted = Math.round(members.length * input.testShare);
    const count = members.length < 2 ? 0 : Math.min(members.length - 1, Math.max(1, wanted));
    test.push(...rng.shuffle(Uint32Array.from(members)).subarray(0, count));
  }
  return {
    ...parted(input.rows, test),
    reason: `at random within each class (${(100 * input.testShare).toFixed(0)} % test), so that both sides have the classes in the same proportion. There is no time column: if rows come in an order of time, name it, for then this split flatters.`,
  };
}

function shuffled({ rows, testShare, seed }: SplitInput): Split {
  const order = random(`${seed}/split`).shuffle(Uint32Array.from({ length: rows }, (_, i) => i));
  const count = Math.min(rows - 1, Math.max(1, Math.round(rows * testShare)));
  return {
    ...parted(rows, [...order.subarray(0, count)]),
    reason: `at random (${(100 * testShare).toFixed(0)} % test). There is no time column: if rows come in an order of time, name it, for then this split flatters.`,
  };
}

function parted(rows: number, test: readonly number[]): { train: Uint32Array; test: Uint32Array } {
  const side = new Uint8Array(rows);
  for (const row of test) side[row] = 1;
  return {
    train: rowsWhere(rows, (i) => side[i] === 0),
    test: rowsWhere(rows, (i) => side[i] === 1),
  };
}

const share = (part: Uint32Array, rows: number) =>
  `${((100 * part.length) / rows).toFixed(1)} % of rows`;
