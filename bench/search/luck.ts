/**
 * How much of the best score of a race of few rows is luck, and what says so: labels are noise, so every candidate is worth an AUC
 * of 0.5. From the root:
 *   npx esbuild bench/search/luck.ts --bundle --format=esm --platform=node --outfile=dist/bench/luck.mjs && node dist/bench/luck.mjs [rows] [candidates]
 */
import { auc } from "../../src/evaluation/metrics/auc.ts";
import { random } from "../../src/lib/random.ts";
import { drawCounts } from "../../src/stats/bootstrap.ts";
import { optimismOf } from "../../src/training/optimism.ts";
import { dropAfterRung, standings, type Trial } from "../../src/training/race.ts";

const [rows, count] = [Number(process.argv[2] ?? 200), Number(process.argv[3] ?? 20)];
const [FOLDS, DEALINGS, BAGS, RACES] = [5, 3, 100, 60];
/** Of a candidate's score of a row, the part that another fit on other folds says again. */
const SAME = 0.8;

const candidates = Array.from({ length: count }, (_, rank) => ({
  ...{ id: `c${rank}`, trainer: "t", params: {}, rank },
}));
const rules = { better: "higher", folds: FOLDS * DEALINGS, repeats: DEALINGS, keep: [] } as const;

/** Every candidate on every fold. */
function fits(seed: number): Trial[] {
  const rng = random(seed);
  const target = Float64Array.from({ length: rows }, () => Number(rng.next() < 0.4));
  const said = candidates.map(() => target.map(() => rng.normal()));
  const bags = Array.from({ length: BAGS }, () => {
    const drawn = new Float64Array(rows);
    drawCounts(rng, drawn);
    return drawn;
  });
  return Array.from({ length: DEALINGS }, () => {
    const order = rng.shuffle(Uint32Array.from(target.keys()));
    return order.sort((a, b) => target[a]! - target[b]!);
  }).flatMap((order, dealing) =>
    Array.from({ length: FOLDS }, (_, f) => {
      const held = order.filter((_, i) => i % FOLDS === f);
      const take = (of: Float64Array) => Float64Array.from(held, (row) => of[row]!);
      return said.map((score, c): Trial => {
        const values = take(score).map((s) => SAME * s + Math.sqrt(1 - SAME * SAME) * rng.normal());
        const scores = { rows: held.length, width: 1, values };
        const of = auc.evaluator!(scores, take(target));
        const inside = bags.map((drawn) => of(take(drawn)));
        const outside = bags.map((drawn) => of(take(drawn.map((n) => Number(n === 0)))));
        return {
          ...{
            candidate: `c${c}`,
            fold: dealing * FOLDS + f,
            score: auc.compute(scores, take(target)),
          },
          ...{ standardError: auc.interval!(scores, take(target)).standardError },
          ...{ seconds: 1, complexity: 1, error: undefined, bags: { inside, outside } },
        };
      });
    }).flat(),
  );
}

/** As a race would have it where candidates may leave after so many rounds. */
function raced(all: readonly Trial[], from: number): { trials: Trial[]; dropped: Set<string> } {
  const trials: Trial[] = [];
  const dropped = new Set<string>();
  for (let fold = 0; fold < rules.folds; fold++) {
    trials.push(...all.filter((t) => t.fold === fold && !dropped.has(t.candidate)));
    if (fold + 1 < from || fold + 1 === rules.folds) continue;
    const current = standings(candidates, trials, rules, dropped);
    for (const id of dropAfterRung(current, rules)) dropped.add(id);
  }
  return { trials, dropped };
}

const mean = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0) / of.length;

/** What stood here before: of the other folds the best, asked on each. */
function otherFolds(trials: readonly Trial[], ids: readonly string[]): number {
  const scores = ids.map((id) => trials.filter((t) => t.candidate === id).map((t) => t.score));
  return mean(
    Array.from({ length: rules.folds }, (_, f) => {
      const rates = scores.map((own) => mean(own.filter((_, g) => g !== f)));
      return scores[rates.indexOf(Math.max(...rates))]![f]!;
    }),
  );
}

console.log("| may leave after round | finish | best mean | the other folds say | bags say |");
console.log("|---|---|---|---|---|");
const races = Array.from({ length: RACES }, (_, seed) => fits(seed));
for (const from of [rules.folds, FOLDS, 1]) {
  const found = races.map((all) => {
    const { trials, dropped } = raced(all, from);
    const current = standings(candidates, trials, rules, dropped);
    const ids = current.filter((s) => s.state === "finished").map((s) => s.candidate.id);
    // Where candidates leave at once, only of those that ran everything.
    const known = from < FOLDS ? trials.filter((t) => ids.includes(t.candidate)) : trials;
    const { estimate, optimism } = optimismOf(current, known, rules)!;
    return [ids.length, estimate + optimism, otherFolds(trials, ids), estimate];
  });
  const figures = [0, 1, 2, 3].map((at) => mean(found.map((one) => one[at]!)));
  const shown = figures.map((value, at) => value.toFixed(at === 0 ? 1 : 3));
  console.log(`| ${from === rules.folds ? "never" : from} | ${shown.join(" | ")} |`);
}
