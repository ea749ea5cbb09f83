import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { Scores } from "../lib/task.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { type Table, takeRows } from "../table/table.ts";
import { fitCandidate, type Threads } from "./candidate.ts";
import { exportOnnx } from "./export-onnx.ts";
import { trainingData } from "./training-data.ts";
import type { Candidate, TrainingSpec } from "./training-spec.ts";

export interface FitOutcome {
  readonly onnx: Digest;
  readonly signature: Signature;
  readonly complexity: number;
  readonly summary: Json;
  /** Share of the model's total importance, by encoded feature, largest first, at most 50. */
  readonly importance: readonly { readonly feature: string; readonly share: number }[];
  /** What the in-memory model says about the first test rows: the stored file must say the same. */
  readonly check: { readonly rows: readonly number[]; readonly width: number; readonly values: readonly number[] };
  readonly trainedRows: number;
  readonly seconds: number;
}

/** Test rows on which the stored file is compared with the model in memory. */
const CHECKED_ROWS = 500;

/** Fits a candidate on the whole training part, exports it with its feature pipeline and keeps the file. */
export async function fit(
  deps: Threads & {
    readonly blobs: Blobs;
    readonly loadTable: (data: Digest) => Promise<Table>;
    readonly now: () => number;
  },
  input: { readonly spec: TrainingSpec; readonly data: Digest; readonly candidate: Candidate },
): Promise<FitOutcome> {
  const started = deps.now();
  const data = trainingData(input.spec, await deps.loadTable(input.data));
  const fitted = fitCandidate(input.spec, input.candidate, { ...data, rows: data.train }, deps);
  const { onnx, signature } = exportOnnx(input.spec, fitted);
  const rows = data.test.subarray(0, CHECKED_ROWS);
  const scores: Scores = fitted.model.predict(fitted.encoder.encode(takeRows(data.table, rows)));
  const trainDesign = fitted.encoder.encode(takeRows(data.table, data.train.subarray(0, 5000)));
  const importance = [...fitted.model.importance(trainDesign)]
    .map(([feature, share]) => ({ feature, share }))
    .sort((a, b) => b.share - a.share)
    .slice(0, 50);
  return {
    onnx: await deps.blobs.put(onnx),
    signature,
    complexity: fitted.model.complexity,
    summary: fitted.model.summary,
    importance,
    check: { rows: [...rows], width: scores.width, values: [...scores.values] },
    trainedRows: data.train.length,
    seconds: (deps.now() - started) / 1000,
  };
}
