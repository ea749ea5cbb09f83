import { crashPoint } from "../lib/crash-point.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { type Table, takeRows } from "../table/table.ts";
import { calibrationOf, withCalibration } from "./calibration/calibrate.ts";
import type { CalibrationReport } from "./calibration/decide-calibration.ts";
import { type FittedCandidate, fitCandidate, type Threads } from "./candidate.ts";
import { exportOnnx } from "./export-onnx.ts";
import { type TrainingData, trainingData } from "./training-data.ts";
import type { Candidate, TrainingSpec } from "./training-spec.ts";

/** A fitted model as a file, with what the model in memory said: the file must say the same. */
export interface FittedFile {
  readonly onnx: Digest;
  readonly signature: Signature;
  readonly complexity: number;
  readonly summary: Json;
  readonly trainedRows: number;
  /** Scores of the first test rows, by the model in memory; absent where a program made the file. */
  readonly check?: { readonly rows: number; readonly values: readonly number[] };
}

export interface FitOutcome {
  /** Learned from the training part alone: what the test rows judge. */
  readonly judged: FittedFile;
  /**
   * What is served. Where rows are in order of time: the same recipe fitted once more on all rows, so that a model does not start
   * its work a fifth of the data behind; it is proven in shadow. Elsewhere: `judged`.
   */
  readonly served: FittedFile;
  /** Share of the model's total importance, by encoded feature, largest first, at most 50. */
  readonly importance: readonly { readonly feature: string; readonly share: number }[];
  readonly seconds: number;
  /** Absent where nobody asked for calibrated probabilities. */
  readonly calibration?: CalibrationReport;
  /** Of a program: interpreter and packages. Kept with the parameters of its version. */
  readonly ranWith?: Readonly<Record<string, Json>> | undefined;
}

/** Test rows on which a stored file is compared with the model in memory. */
const CHECKED_ROWS = 500;
const IMPORTANCE_ROWS = 5000;

/** Fits a candidate, exports it with its feature pipeline and keeps the file (or files). */
export async function fit(
  deps: Threads & {
    readonly blobs: Blobs;
    readonly loadTable: (data: Digest) => Promise<Table>;
    readonly now: () => number;
  },
  input: { readonly spec: TrainingSpec; readonly data: Digest; readonly candidate: Candidate },
): Promise<FitOutcome> {
  const { spec, candidate } = input;
  const started = deps.now();
  const data = trainingData(spec, await deps.loadTable(input.data));
  const calibrated = calibrationOf(spec, candidate, data, deps);
  const fitOn = (rows: Uint32Array) =>
    withCalibration(
      fitCandidate(spec, candidate, { ...data, rows }, deps),
      calibrated?.calibration,
    );
  const fitted = fitOn(data.train);
  const judged = await keepFile(deps, { spec, data, fitted, rows: data.train });
  const all = Uint32Array.from({ length: data.table.rows }, (_, row) => row);
  const served =
    spec.split === "time"
      ? await keepFile(deps, {
          ...{ spec, data, rows: all },
          fitted: fitOn(all),
        })
      : judged;
  crashPoint("fit:written");
  const some = takeRows(data.table, data.train.subarray(0, IMPORTANCE_ROWS));
  const importance = [...fitted.model.importance(fitted.encoder.encode(some))]
    .map(([feature, share]) => ({ feature, share }))
    .sort((a, b) => b.share - a.share)
    .slice(0, 50);
  return {
    ...{ judged, served, importance, seconds: (deps.now() - started) / 1000 },
    ...(calibrated ? { calibration: calibrated.report } : {}),
  };
}

async function keepFile(
  deps: { readonly blobs: Blobs },
  input: {
    readonly spec: TrainingSpec;
    readonly data: TrainingData;
    readonly fitted: FittedCandidate;
    readonly rows: Uint32Array;
  },
): Promise<FittedFile> {
  const { spec, data, fitted } = input;
  const { onnx, signature } = exportOnnx(spec, fitted);
  const rows = data.test.subarray(0, CHECKED_ROWS);
  const scores = fitted.model.predict(fitted.encoder.encode(takeRows(data.table, rows)));
  return {
    onnx: await deps.blobs.put(onnx),
    signature,
    complexity: fitted.model.complexity,
    summary: fitted.model.summary,
    trainedRows: input.rows.length,
    check: { rows: rows.length, values: [...scores.values] },
  };
}
