import { entities } from "../datasets/strata.ts";
import { random } from "../lib/random.ts";
import type { Scores } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import { drawCounts } from "../stats/bootstrap.ts";
import { type BagScores, FEW_ROWS } from "../training/race.ts";
import { columnNamed, type TrainingData } from "../training/training-data.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { evaluatorOf, type Metric } from "./metrics/metric.ts";

/** Enough that chance adds a tenth of a standard error to what is found out with them. */
const BAGS = 100;

/**
 * A candidate's scores of a fold's rows, bag by bag; undefined where there are rows enough. Bags are draws with replacement from
 * all rows (or from all values of the key, whose rows go together), and follow from (table, seed) alone.
 *
 * @param rows of `data.table`, those scored.
 */
export function bagScores(
  metric: Metric,
  scores: Scores,
  rows: Uint32Array,
  about: { readonly data: TrainingData; readonly spec: Pick<TrainingSpec, "seed" | "key"> },
): BagScores | undefined {
  const { data, spec } = about;
  if (data.train.length >= FEW_ROWS) return undefined;
  const { table } = data;
  const groups =
    spec.key === undefined ? undefined : entities(columnNamed(table, spec.key), table.rows);
  const counts = new Float64Array(groups?.count ?? table.rows);
  const rng = random(spec.seed).split("bags");
  const evaluate = evaluatorOf(metric, scores, valuesAt(data.target, rows));
  const inside: (number | null)[] = [];
  const outside: (number | null)[] = [];
  for (let b = 0; b < BAGS; b++) {
    drawCounts(rng, counts);
    const drawn = Float64Array.from(rows, (row) => counts[groups?.of[row] ?? row]!);
    inside.push(short(evaluate(drawn)));
    outside.push(short(evaluate(drawn.map((count) => Number(count === 0)))));
  }
  return { inside, outside };
}

/** Journals keep a hundred of these a fit. */
const short = (value: number): number | null =>
  Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
