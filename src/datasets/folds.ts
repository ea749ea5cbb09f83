import { MillwrightError } from "../errors.ts";
import { random } from "../lib/random.ts";
import { rowsWhere } from "../lib/rows-where.ts";
import { ascendingOrder } from "../stats/ranks.ts";
import { kindOf, knownTimes, type SplitKind, tieFreeBorder } from "./split.ts";
import { entities, type SplitColumns, strata, unitHash } from "./strata.ts";

export interface FoldsInput extends SplitColumns {
  readonly kind: SplitKind;
  /** 2..20. */
  readonly k: number;
}

export interface Fold {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/**
 * Rounds of learning and judging within the training part; row numbers are positions in the given columns (take them from the
 * table first). `stratified`, `random`, `grouped`: every row is judged once. `time`: forward chaining: round i learns from the
 * first i+1 of k+1 stretches of time and is judged on the next, so the future is never learned from; the first stretch is never judged.
 */
export function folds(input: FoldsInput): Fold[] {
  const { rows, k } = input;
  if (!Number.isInteger(k) || k < 2 || k > 20)
    throw new MillwrightError("invalid_input", `${k} folds: use a whole number from 2 to 20`);
  if (rows < 2 * k)
    throw new MillwrightError(
      "invalid_data",
      `${rows} rows are too few for ${k} folds; bring at least ${2 * k}, or use fewer folds`,
    );
  const kind = kindOf(input);
  if (kind === "time") return forwardChain(input);
  const part = kind === "grouped" ? groupedParts(input) : shuffledParts(input);
  return Array.from({ length: k }, (_, f) => ({
    train: rowsWhere(rows, (i) => part[i] !== f),
    test: rowsWhere(rows, (i) => part[i] === f),
  }));
}

function forwardChain({ rows, time, k }: FoldsInput): Fold[] {
  if (!time) throw new MillwrightError("invalid_input", "folds by time need a time column");
  const known = knownTimes(time);
  const borders = new Set<number>();
  for (let f = 1; f <= k; f++) {
    const at = tieFreeBorder(known, Math.round((known.length * (k + 1 - f)) / (k + 1)));
    if (at < known.length) borders.add(known[at]!);
  }
  const starts = [...borders].sort((a, b) => a - b);
  if (starts.length === 0)
    throw new MillwrightError("invalid_data", "every row has the same time: use random folds");
  return starts.map((start, f) => {
    const end = starts[f + 1] ?? Number.POSITIVE_INFINITY;
    return {
      train: rowsWhere(rows, (i) => !(time[i]! >= start)),
      test: rowsWhere(
        rows,
        (i) => time[i]! >= start && (time[i]! < end || end === Number.POSITIVE_INFINITY),
      ),
    };
  });
}

/** Entities in the order of their hash, each to the part with the fewest rows so far. */
function groupedParts({ rows, key, k, seed }: FoldsInput): Uint8Array {
  if (!key) throw new MillwrightError("invalid_input", "grouped folds need a key column");
  const groups = entities(key, rows);
  if (groups.count < k)
    throw new MillwrightError(
      "invalid_data",
      `${groups.count} entities are too few for ${k} folds; use at most ${groups.count}`,
    );
  const sizes = new Float64Array(groups.count);
  for (const g of groups.of) sizes[g]!++;
  const hashes = Float64Array.from(sizes, (_, g) => unitHash(`${seed}/fold/${groups.name(g)}`));
  const filled = new Float64Array(k);
  const partOf = new Uint8Array(groups.count);
  const bySize = [...ascendingOrder(hashes)].sort((a, b) => sizes[b]! - sizes[a]!);
  for (const g of bySize) {
    const part = filled.indexOf(Math.min(...filled));
    partOf[g] = part;
    filled[part]! += sizes[g]!;
  }
  return Uint8Array.from(groups.of, (g) => partOf[g]!);
}

function shuffledParts({ rows, target, k, seed, kind }: FoldsInput): Uint8Array {
  const rng = random(`${seed}/folds`);
  const all = [Array.from({ length: rows }, (_, i) => i)];
  const classes = kind === "stratified" ? (strata(target) ?? all) : all;
  const part = new Uint8Array(rows);
  let next = 0;
  for (const members of classes)
    for (const row of rng.shuffle(Uint32Array.from(members))) part[row] = next++ % k;
  return part;
}
