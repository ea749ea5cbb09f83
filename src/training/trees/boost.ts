import type { OpenTeam } from "../../engine/compute.ts";
import { MillwrightError } from "../../errors.ts";
import type { Abort } from "../../lib/abort.ts";
import { type Random, random } from "../../lib/random.ts";
import type { Target } from "../../lib/task.ts";
import type { Design } from "../encoding/encoding.ts";
import { CONTROL, LOSS, OP } from "./boost-layout.ts";
import { type BoostSession, openBoostSession } from "./boost-session.ts";
import { type TreeLimits, treeGrower } from "./boost-tree.ts";
import { addTrees, type Ensemble, ensembleBuilder } from "./ensemble.ts";
import { meanLoss, type Objective, weightedMedian } from "./objective.ts";

interface BoostSettings {
  readonly rounds: number;
  readonly learningRate: number;
  readonly maxDepth: number;
  readonly lambda: number;
  readonly minChildWeight: number;
  readonly minGain: number;
  readonly rowSample: number;
  readonly columnSample: number;
  readonly maxBins: number;
}

export interface BoostInput {
  readonly design: Design;
  readonly objective: Objective;
  readonly weights: Float64Array | undefined;
  readonly settings: BoostSettings;
  readonly seed: number;
  /** Signs by dense column. */
  readonly monotone: ReadonlyMap<number, number>;
  /** Stop when the loss on these rows has not fallen for `patience` rounds, and keep the best round. */
  readonly watch?: {
    readonly design: Design;
    readonly target: Target;
    readonly weights?: Float64Array | undefined;
    readonly patience: number;
  };
  readonly threads: number;
  readonly openTeam: OpenTeam | undefined;
  readonly signal: Abort | undefined;
  readonly onRound: (round: number) => void;
}

export interface Boosted {
  readonly ensemble: Ensemble;
  readonly rounds: number;
  /** Best loss on the watched rows; NaN when none were. */
  readonly loss: number;
}

/** Gradient boosting (Friedman 2001; second-order steps and regularised gain as in Chen & Guestrin 2016). */
export function boost(input: BoostInput): Boosted {
  const { design, objective, settings, watch } = input;
  const rng = random(input.seed).split("gbdt");
  const session = openBoostSession(
    {
      design,
      y: objective.y,
      weights: input.weights,
      classes: objective.classes,
      base: objective.base,
      maxBins: settings.maxBins,
      maxDepth: settings.maxDepth,
      monotone: input.monotone,
      threads: input.threads,
      openTeam: input.openTeam,
    },
    rng.split("bins"),
  );
  try {
    const K = objective.classes;
    const builder = ensembleBuilder(K, 1);
    const sampler = treeSampler(session, settings, rng.split("sample"));
    const grower = treeGrower(session, treeLimits(session, input), builder);
    session.control[CONTROL.loss] = objective.loss;
    session.floats[CONTROL.delta] = objective.delta;
    // Absolute error: a tiny clip, scaled to +-1, is the sign.
    session.floats[CONTROL.unit] = objective.median ? 1 / objective.delta : 1;
    const watched = watch && watcher(objective, watch);
    let best = { loss: watched ? watched.loss() : Number.NaN, rounds: 0 };
    let round = 0;
    while (round < settings.rounds) {
      if (input.signal?.aborted)
        throw new MillwrightError("cancelled", `training stopped after ${round} rounds: cancelled`);
      if (objective.loss === LOSS.softmax) session.run(OP.softmax);
      let grew = false;
      for (let k = 0; k < K; k++) {
        session.control[CONTROL.target] = k;
        session.run(OP.gradient);
        const sampled = sampler(round * K + k);
        const salt = rng.split(round * K + k).int(2 ** 32) | 0;
        if (grower.grow(k, sampled, salt) > 1) grew = true;
      }
      round++;
      input.onRound(round);
      if (watched) {
        watched.add(builder.view(), (round - 1) * K);
        const loss = watched.loss();
        if (loss < best.loss) best = { loss, rounds: round };
        if (round - best.rounds >= watch.patience) break;
      }
      // Without sampling the next round would find the same nothing.
      if (!grew && settings.rowSample === 1 && settings.columnSample === 1) break;
    }
    const rounds = watched ? Math.max(1, best.rounds) : round;
    builder.truncate(rounds * K);
    return { ensemble: builder.finish(), rounds, loss: best.loss };
  } finally {
    session.close();
  }
}

function treeLimits(
  { layout }: BoostSession,
  { objective, settings, monotone }: BoostInput,
): TreeLimits {
  const { maxDepth, lambda, minChildWeight, minGain, learningRate: rate } = settings;
  const limits = { maxDepth, lambda, minChildWeight, minGain, rate, monotone };
  if (!objective.median) return limits;
  const { buffer } = layout.memory;
  const margin = new Float64Array(buffer, layout.margin, layout.rows);
  const w = layout.w ? new Float32Array(buffer, layout.w, layout.rows) : undefined;
  return {
    ...limits,
    leafValue: (rows) =>
      weightedMedian(
        Float64Array.from(rows, (i) => objective.y[i]! - margin[i]!),
        w && Float64Array.from(rows, (i) => w[i]!),
      ),
  };
}

/** Chooses rows and columns of tree `t`; returns how many rows now lead idx. Exact shares, without replacement. */
function treeSampler(
  { layout, run }: BoostSession,
  { rowSample, columnSample }: BoostSettings,
  rng: Random,
): (tree: number) => number {
  const { buffer } = layout.memory;
  const idx = new Int32Array(buffer, layout.idx, layout.rows);
  const mask = new Uint8Array(buffer, layout.mask, layout.features);
  const pick = (n: number, share: number) => Math.max(1, Math.round(n * share));
  return (tree) => {
    const draw = rng.split(tree);
    if (columnSample < 1 && layout.features > 0) {
      const want = pick(layout.features, columnSample);
      for (let j = 0, k = 0; j < layout.features; j++) {
        const take = draw.next() * (layout.features - j) < want - k;
        mask[j] = take ? 1 : 0;
        if (take) k++;
      }
    }
    const n = layout.rows;
    if (rowSample === 1) {
      run(OP.identity);
      return n;
    }
    const want = pick(n, rowSample);
    for (let i = 0, inside = 0, outside = want; i < n; i++) {
      if (draw.next() * (n - i) < want - inside) idx[inside++] = i;
      else idx[outside++] = i;
    }
    return want;
  };
}

/** Keeps the margins of watched rows up to date, tree by tree. */
function watcher(
  objective: Objective,
  { design, target, weights }: NonNullable<BoostInput["watch"]>,
) {
  const K = objective.classes;
  const margins = Float64Array.from({ length: design.rows * K }, (_, i) => objective.base[i % K]!);
  return {
    add: (e: Ensemble, fromTree: number) => addTrees(e, design, margins, fromTree),
    loss: () => meanLoss(objective, margins, target, weights),
  };
}
