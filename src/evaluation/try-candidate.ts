import { MillwrightError } from "../errors.ts";
import { type Digest, digestOfJson } from "../lib/digest.ts";
import { valuesAt } from "../lib/values-at.ts";
import { type Table, takeRows } from "../table/table.ts";
import { fitCandidate, type Threads } from "../training/candidate.ts";
import type { Trial } from "../training/race.ts";
import { sampleRows } from "../training/sample-rows.ts";
import { trainingData, trainingFolds } from "../training/training-data.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import { bagScores } from "./bag-scores.ts";
import { blockScores } from "./block-scores.ts";
import { estimate } from "./estimate.ts";
import { judgingRows } from "./judging-rows.ts";
import { metricNamed } from "./metrics/all.ts";

export interface TryInput {
  readonly spec: TrainingSpec;
  /** The dataset version's Parquet. */
  readonly data: Digest;
  readonly candidate: Candidate;
  readonly fold: number;
  /** How many rounds are asked for; `fold` counts those that say something. */
  readonly folds: number;
  /** Fit on at most this many rows of the fold (seeded sample), so that a large dataset does not eat the budget of a race. */
  readonly maxRows: number;
}

export interface TryDeps extends Threads {
  readonly loadTable: (data: Digest) => Promise<Table>;
  readonly now: () => number;
}

/** Fits a candidate on one fold's training rows and measures it on the others. A fit that fails is a trial with an error. */
export async function tryCandidate(deps: TryDeps, input: TryInput): Promise<Trial> {
  const { spec, candidate, fold } = input;
  const started = deps.now();
  const blank = {
    candidate: candidate.id,
    fold,
    score: Number.NaN,
    standardError: Number.NaN,
    complexity: 0,
  };
  const seconds = () => (deps.now() - started) / 1000;
  const data = trainingData(spec, await deps.loadTable(input.data));
  try {
    const part = trainingFolds(spec, data, input.folds)[fold]!;
    const rows = sampleRows(part.train, input.maxRows, spec.seed);
    const name = `${input.data}/${digestOfJson(spec)}/${fold}/${rows.length}`;
    const fitted = fitCandidate(spec, candidate, { ...data, rows, name }, deps);
    const judges = judgingRows(part.test, spec.seed);
    const encode = () => fitted.encoder.encode(takeRows(data.table, judges));
    const held = deps.remember?.(`${name}/${fitted.encoder.style}/held`, encode) ?? encode();
    const target = valuesAt(data.target, judges);
    const metric = metricNamed(spec.metric, spec.task);
    const scores = fitted.model.predict(held);
    const found = estimate(metric, scores, target, { seed: spec.seed, resamples: 200 });
    const blocks = blockScores(metric, scores, target, spec);
    // Of the first dealing of the folds.
    const bags = fold < input.folds ? bagScores(metric, scores, judges, { data, spec }) : undefined;
    return {
      ...blank,
      score: found.value,
      standardError: found.standardError,
      complexity: fitted.model.complexity,
      blocks,
      ...(bags ? { bags } : {}),
      seconds: seconds(),
      error: Number.isFinite(found.value)
        ? undefined
        : `${spec.metric} is not defined on this fold`,
    };
  } catch (cause) {
    if (cause instanceof MillwrightError && cause.code === "cancelled") throw cause;
    const error = cause instanceof Error ? cause.message : String(cause);
    return { ...blank, seconds: seconds(), error };
  }
}
