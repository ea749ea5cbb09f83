import type { Json } from "../lib/json.ts";
import { normalQuantile } from "../stats/distributions.ts";
import { explainRows } from "./explain-rows.ts";
import type { Explainer } from "./explainer.ts";
import type { Background, Explanation } from "./explanation.ts";

/** What drives a model: how much each column adds, on average over rows. */
export interface Importance {
  /** The largest first. */
  readonly columns: readonly {
    readonly column: string;
    /** Mean of |contribution|, with its 95 % interval over rows like these. */
    readonly mean: number;
    readonly lower: number;
    readonly upper: number;
  }[];
  readonly unit: Explanation["unit"];
  readonly method: Explanation["method"];
  readonly background: Background;
  readonly rows: number;
}

/** @param input.rows at least one: the version's background, or rows of one's own. */
export async function explainModel(
  deps: { breathe(): Promise<void> },
  input: {
    readonly explainer: Explainer;
    readonly rows: readonly Readonly<Record<string, Json>>[];
    readonly runs?: number;
  },
): Promise<Importance> {
  const explanations = await explainRows(deps, input);
  const { unit, method, background } = explanations[0]!;
  const sizes = new Map<string, number[]>();
  for (const { contributions } of explanations)
    for (const { column, contribution } of contributions) {
      const own = sizes.get(column) ?? [];
      sizes.set(column, own);
      own.push(Math.abs(contribution));
    }
  const columns = [...sizes]
    .map(([column, values]) => ({ column, ...interval(values) }))
    .sort((a, b) => b.mean - a.mean);
  return { columns, unit, method, background, rows: explanations.length };
}

function interval(values: readonly number[]) {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, n - 1);
  const half = normalQuantile(0.975) * Math.sqrt(variance / n);
  return { mean, lower: Math.max(0, mean - half), upper: mean + half };
}
