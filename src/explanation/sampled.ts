import type { Random } from "../lib/random.ts";
import { studentQuantile } from "../stats/distributions.ts";

/** What to run a model on to explain one row, and what follows from its answers. */
export interface Sampling {
  readonly method: "enumeration" | "permutation";
  readonly runs: number;
  /** runs x columns: 1 = the value of the explained row, 0 = of the background row. */
  readonly own: Uint8Array;
  /** By run: which background row. */
  readonly background: Int32Array;
  /** @param answers one a run. */
  solve(answers: Float64Array): Sampled;
}

export interface Sampled {
  readonly base: number;
  readonly said: number;
  readonly contributions: Float64Array;
  /** Half-width of the 95 % interval of each. */
  readonly errors: Float64Array;
}

/** Replicates of the permutation estimate: enough to know its spread. */
const REPLICATES = 8;
/** Enumeration over fewer background rows than this says too little about the rest. */
const MIN_BACKGROUND = 20;

/**
 * Shapley values of v(S) = the mean over the background of what the model says when the columns in S are the row's. Every
 * coalition of the columns while that is affordable, else random orders of them.
 *
 * @param budget rows to run the model on; more are taken only where even one order for each replicate needs more.
 */
export function sampling(
  columns: number,
  background: number,
  budget: number,
  random: Random,
): Sampling {
  const order = random.shuffle(Int32Array.from({ length: background }, (_, i) => i));
  const affordable = Math.floor(budget / 2 ** columns);
  if (affordable >= Math.min(background, MIN_BACKGROUND))
    return enumeration(columns, order.subarray(0, affordable), background);
  return permutation(columns, order, budget, random);
}

/** All 2^columns coalitions for each background row: exact, but for background rows left out. */
function enumeration(columns: number, rows: Int32Array, all: number): Sampling {
  const sets = 2 ** columns;
  const n = rows.length;
  const own = new Uint8Array(sets * n * columns);
  const background = new Int32Array(sets * n);
  for (let b = 0; b < n; b++)
    for (let set = 0; set < sets; set++) {
      const run = b * sets + set;
      background[run] = rows[b]!;
      for (let j = 0; j < columns; j++) own[run * columns + j] = (set >> j) & 1;
    }
  const weights = coalitionWeights(columns);
  return {
    method: "enumeration",
    ...{ runs: sets * n, own, background },
    solve(answers) {
      const each = Array.from({ length: n }, (_, b) =>
        shapley(answers.subarray(b * sets, (b + 1) * sets), columns, weights),
      );
      let [base, said] = [0, 0];
      for (let b = 0; b < n; b++) {
        base += answers[b * sets]! / n;
        said += answers[(b + 1) * sets - 1]! / n;
      }
      const unseen = Math.sqrt(1 - n / all);
      const { means, errors } = meansOf(each, columns);
      return { base, said, contributions: means, errors: errors.map((e) => e * unseen) };
    },
  };
}

/** By size of the coalition: size! (columns - size - 1)! / columns!. */
function coalitionWeights(columns: number): Float64Array {
  const weights = new Float64Array(columns);
  weights[0] = 1 / columns;
  for (let size = 1; size < columns; size++)
    weights[size] = (weights[size - 1]! * size) / (columns - size);
  return weights;
}

/** From the value of every set of columns (bit j = column j). */
function shapley(values: Float64Array, columns: number, weights: Float64Array): Float64Array {
  const phi = new Float64Array(columns);
  for (let set = 0; set < values.length; set++) {
    let size = 0;
    for (let bits = set; bits > 0; bits &= bits - 1) size++;
    for (let j = 0; j < columns; j++)
      if (((set >> j) & 1) === 0)
        phi[j]! += weights[size]! * (values[set | (1 << j)]! - values[set]!);
  }
  return phi;
}

/**
 * Random orders of the columns, each also backwards (antithetic, Mitchell et al. 2022): the columns turn from a background row's
 * values to the row's one by one, and each is given the change it makes. Replicates have orders and, as far as there are
 * enough, background rows of their own; their spread gives the error (Student's t).
 */
function permutation(columns: number, order: Int32Array, budget: number, random: Random): Sampling {
  const perOrder = 2 * (columns - 1) + 1;
  const n = Math.max(1, Math.min(order.length, Math.floor((budget - 1) / (REPLICATES * perOrder))));
  const runs = REPLICATES * n * perOrder + 1;
  const own = new Uint8Array(runs * columns);
  const background = new Int32Array(runs);
  const orders: Int32Array[] = [];
  own.fill(1, (runs - 1) * columns);
  for (let o = 0, run = 0; o < REPLICATES * n; o++) {
    const turns = random.shuffle(Int32Array.from({ length: columns }, (_, j) => j));
    orders.push(turns);
    const row = order[o % order.length]!;
    background[run++] = row;
    for (const turn of [turns, turns.slice().reverse()])
      for (let size = 1; size < columns; size++, run++) {
        background[run] = row;
        for (let p = 0; p < size; p++) own[run * columns + turn[p]!] = 1;
      }
  }
  return {
    method: "permutation",
    ...{ runs, own, background },
    solve(answers) {
      const said = answers[runs - 1]!;
      const replicates: Float64Array[] = [];
      let base = 0;
      for (let r = 0, at = 0; r < REPLICATES; r++) {
        const phi = new Float64Array(columns);
        for (let o = r * n; o < (r + 1) * n; o++) {
          const start = answers[at++]!;
          base += start / (REPLICATES * n);
          for (const turn of [orders[o]!, orders[o]!.slice().reverse()]) {
            let before = start;
            for (let p = 0; p < columns; p++) {
              const after = p === columns - 1 ? said : answers[at++]!;
              phi[turn[p]!]! += (after - before) / (2 * n);
              before = after;
            }
          }
        }
        replicates.push(phi);
      }
      const { means, errors } = meansOf(replicates, columns);
      return { base, said, contributions: means, errors };
    },
  };
}

/** Means of equally good estimates and the half-widths of their 95 % intervals. */
function meansOf(estimates: readonly Float64Array[], columns: number) {
  const n = estimates.length;
  const means = new Float64Array(columns);
  const errors = new Float64Array(columns);
  const t = n > 1 ? studentQuantile(0.975, n - 1) : 0;
  for (let j = 0; j < columns; j++) {
    for (const estimate of estimates) means[j]! += estimate[j]! / n;
    let squares = 0;
    for (const estimate of estimates) squares += (estimate[j]! - means[j]!) ** 2;
    errors[j] = n > 1 ? t * Math.sqrt(squares / (n - 1) / n) : 0;
  }
  return { means, errors };
}
