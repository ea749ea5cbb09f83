import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import { valuesAt } from "../lib/values-at.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { type Table, takeRows } from "../table/table.ts";
import type { Trial } from "../training/race.ts";
import { trainingData, trainingFolds } from "../training/training-data.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { alignScores } from "./align-scores.ts";
import { bagScores } from "./bag-scores.ts";
import { estimate } from "./estimate.ts";
import { judgingRows } from "./judging-rows.ts";
import { metricNamed } from "./metrics/all.ts";
import { scoreTable } from "./score-table.ts";

export interface TryFileInput {
  readonly spec: TrainingSpec;
  /** The dataset version's Parquet. */
  readonly data: Digest;
  readonly fold: number;
  readonly folds: number;
  readonly onnx: Digest;
  readonly signature: Signature;
}

/** Measures a stored file on the rows that a round of the race judges by, as `tryCandidate` measures a model in memory. */
export async function tryFile(
  deps: {
    readonly blobs: Blobs;
    readonly runtime: Runtime;
    readonly loadTable: (data: Digest) => Promise<Table>;
  },
  { spec, data, fold, folds, onnx, signature }: TryFileInput,
): Promise<Pick<Trial, "score" | "standardError" | "bags">> {
  const known = trainingData(spec, await deps.loadTable(data));
  const test = judgingRows(trainingFolds(spec, known, folds)[fold]!.test, spec.seed);
  const session = await deps.runtime.load(await deps.blobs.get(onnx));
  try {
    const table = takeRows(known.table, test);
    const scores = alignScores(await scoreTable(session, { signature, table }), signature, spec);
    if (!scores)
      throw new MillwrightError(
        "invalid_model",
        `it answers ${signature.classes.slice(0, 10).join(", ") || signature.task}, and ${spec.classes.slice(0, 10).join(", ") || "a number"} was asked for`,
      );
    const target = valuesAt(known.target, test);
    const how = { seed: spec.seed, resamples: 200 };
    const metric = metricNamed(spec.metric, spec.task);
    const found = estimate(metric, scores, target, how);
    const bags = fold < folds ? bagScores(metric, scores, test, { data: known, spec }) : undefined;
    return { score: found.value, standardError: found.standardError, ...(bags ? { bags } : {}) };
  } finally {
    await session.close();
  }
}
