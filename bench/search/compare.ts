/**
 * Searches one set with one seed in several ways, each with the same number of trials on the same folds; a line of JSON a way.
 *   node dist/bench/search-compare.mjs <folder of datasets> <scratch folder> <set> <seed> <trials> [ways]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { random } from "../../src/lib/random.ts";
import { trainerNamed } from "../../src/training/candidate.ts";
import { choose, standings, type Trial } from "../../src/training/race.ts";
import { isWorse } from "../../src/training/search/against.ts";
import { armsOf, proposeRound } from "../../src/training/search/round.ts";
import {
  dimensionsOf,
  paramsAt,
  placeOf,
  pointOf,
  valueAt,
} from "../../src/training/search/space.ts";
import { type Arm, type Observation, propose } from "../../src/training/search/tpe.ts";
import type { Candidate } from "../../src/training/training-spec.ts";
import { FOLDS, type OpenSet, openSet, SETS } from "./lab.ts";

const PER_ROUND = 8;

interface Way {
  /** Fits of folds that were made. */
  readonly fits: number;
  readonly candidates: readonly Candidate[];
  readonly trials: readonly Trial[];
  readonly dropped: ReadonlySet<string>;
}

interface Ask {
  next(): Promise<{ trainer: string; params: Record<string, unknown> }>;
  tell(loss: number): Promise<void>;
  close(): void;
}

async function main([data, folder, name, seedText, trialsText, only]: readonly string[]) {
  const [seed, budget] = [Number(seedText), Number(trialsText)];
  const set = SETS.find((one) => one.name === name)!;
  const open = await openSet(set, data!, folder!, seed);
  const arms = armsOf(open.plan.spec.trainers, open.plan.shape!);
  const portfolio = open.plan.candidates.filter(({ trainer }) => trainer !== "baseline");
  const ways: Readonly<Record<string, () => Promise<Way>>> = {
    "ours, raced": () => raced(open, arms, portfolio, seed, budget, true),
    "ours, all folds": () => raced(open, arms, portfolio, seed, budget, false),
    "Optuna from the portfolio": () =>
      asked(open, optuna(arms, portfolio, seed), portfolio, budget),
    "ours, cold": () => asked(open, ownSampler(arms, seed), [], budget),
    "Optuna, cold": () => asked(open, optuna(arms, [], seed), [], budget),
    random: () => asked(open, blind(arms, seed), [], budget),
  };
  for (const [way, run] of Object.entries(ways)) {
    if (only && !only.split(";").includes(way)) continue;
    const started = performance.now();
    const found = await run();
    const line = { set: name, seed, way, ...(await summary(open, found, budget)) };
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(`${JSON.stringify({ ...line, seconds })}\n`);
  }
  await open.close();
}

/** Best mean over all folds by trial; the test scores of the best and of the one the one-standard-error rule takes. */
async function summary({ sign, metric, plan, testScore }: OpenSet, way: Way, budget: number) {
  const curve: number[] = [];
  let best: Candidate | undefined;
  let low = Number.POSITIVE_INFINITY;
  for (const candidate of way.candidates) {
    const own = way.trials.filter((trial) => trial.candidate === candidate.id);
    const whole = own.length === FOLDS && own.every(({ error }) => error === undefined);
    const loss = whole ? (sign * own.reduce((a, t) => a + t.score, 0)) / FOLDS : Number.NaN;
    if (loss < low) [low, best] = [loss, candidate];
    curve.push(sign * low);
  }
  const rules = { better: metric.better, folds: FOLDS, keep: [], metric: plan.spec.metric };
  const final = standings(way.candidates, way.trials, rules, way.dropped);
  const chosen = choose(final, way.trials, rules)!.winner.candidate;
  return {
    ...{ metric: metric.name, better: metric.better, curve: curve.slice(0, budget) },
    ...{ fits: way.fits, best: best!.id, test: testScore(best!), chosen: chosen.id },
    testChosen: testScore(chosen),
    seen: way.trials.map(({ candidate, fold, score, standardError, blocks }) => [
      ...[candidate, fold, score, standardError, blocks],
    ]),
  };
}

/** As the platform does it; without `race` every proposal runs all folds. */
async function raced(
  { attempt, metric, plan }: OpenSet,
  arms: readonly Arm[],
  portfolio: readonly Candidate[],
  seed: number,
  budget: number,
  race: boolean,
): Promise<Way> {
  const rules = { better: metric.better, folds: FOLDS, keep: [], metric: plan.spec.metric };
  const candidates = [...portfolio];
  const trials: Trial[] = [];
  const dropped = new Set<string>();
  for (const candidate of portfolio)
    for (let fold = 0; fold < FOLDS; fold++) trials.push(await attempt(candidate, fold));
  for (let round = 0; candidates.length < budget; round++) {
    const full = standings(candidates, trials, rules, dropped).filter((s) => s.folds === FOLDS);
    const incumbent = full[0]!;
    const theirs = trials.filter((trial) => trial.candidate === incumbent.candidate.id);
    const count = Math.min(PER_ROUND, budget - candidates.length);
    const given = { arms, candidates: [...candidates], trials: [...trials], incumbent, rules };
    for (const candidate of proposeRound({ ...given, seed, round, count })) {
      const own: Trial[] = [];
      for (let fold = 0; fold < FOLDS; fold++) {
        own.push(await attempt(candidate, fold));
        if (race && isWorse(own, theirs, rules)) {
          dropped.add(candidate.id);
          break;
        }
      }
      candidates.push(candidate);
      trials.push(...own);
    }
  }
  return { candidates, trials, dropped, fits: trials.length };
}

/** One proposal after the other, each on all folds. */
async function asked(
  { attempt, sign }: OpenSet,
  sampler: Ask,
  start: readonly Candidate[],
  budget: number,
): Promise<Way> {
  const candidates: Candidate[] = [];
  const trials: Trial[] = [];
  while (candidates.length < budget) {
    const at = candidates.length;
    const { trainer, params } = await sampler.next();
    const candidate = start[at] ?? { id: `t${at}`, trainer, params, rank: 0 };
    let sum = 0;
    for (let fold = 0; fold < FOLDS; fold++) {
      const trial = await attempt(candidate, fold);
      trials.push(trial);
      sum += trial.score;
    }
    await sampler.tell((sign * sum) / FOLDS);
    candidates.push(candidate);
  }
  sampler.close();
  return { candidates, trials, dropped: new Set(), fits: trials.length };
}

const STARTUP = 10;

function ownSampler(arms: readonly Arm[], seed: number): Ask {
  const seen: Observation[] = [];
  const rng = random(seed).split("search");
  let last: { trainer: string; point: Readonly<Record<string, number>> };
  return {
    async next() {
      last = propose(arms, seen.length < STARTUP ? [] : seen, rng.split(seen.length));
      return { trainer: last.trainer, params: paramsOf(arms, last) };
    },
    async tell(loss) {
      seen.push({ ...last, loss });
    },
    close() {},
  };
}

function blind(arms: readonly Arm[], seed: number): Ask {
  const rng = random(seed).split("blind");
  let n = 0;
  return {
    async next() {
      const last = propose(arms, [], rng.split(n++));
      return { trainer: last.trainer, params: paramsOf(arms, last) };
    },
    async tell() {},
    close() {},
  };
}

const paramsOf = (
  arms: readonly Arm[],
  { trainer, point }: { trainer: string; point: Readonly<Record<string, number>> },
) => {
  const { space } = arms.find((arm) => arm.trainer === trainer)!;
  return trainerNamed(trainer).params.parse(paramsAt(space, point)) as Record<string, unknown>;
};

function optuna(arms: readonly Arm[], start: readonly Candidate[], seed: number): Ask {
  const python = spawn(process.env.PYTHON ?? "python3", ["bench/search/optuna_peer.py"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const say = async (what: unknown) => {
    python.stdin.write(`${JSON.stringify(what)}\n`);
    return JSON.parse((await lines.next()).value as string);
  };
  const spaceOf = (trainer: string) => arms.find((arm) => arm.trainer === trainer)!.space;
  const begun = say({
    seed,
    arms: arms.map(({ trainer, space }) => ({ trainer, dimensions: space.dimensions })),
    start: start.map(({ trainer, params }) => {
      const point = pointOf(spaceOf(trainer), params);
      const values = dimensionsOf(spaceOf(trainer)).flatMap(([name, dimension]) =>
        point[name] === undefined
          ? []
          : [[name, dimension.kind === "choice" ? point[name] : valueAt(dimension, point[name])]],
      );
      return { trainer, values: Object.fromEntries(values) };
    }),
  });
  return {
    async next() {
      await begun;
      const { trainer, values } = await say({ op: "ask" });
      const point = Object.fromEntries(
        dimensionsOf(spaceOf(trainer)).map(([name, dimension]) => [
          name,
          dimension.kind === "choice" ? values[name] : placeOf(dimension, values[name]),
        ]),
      );
      return { trainer, params: paramsOf(arms, { trainer, point }) };
    },
    async tell(loss) {
      await say({ op: "tell", loss });
    },
    close() {
      python.stdin.end();
      void once(python, "exit");
    },
  };
}

await main(process.argv.slice(2));
