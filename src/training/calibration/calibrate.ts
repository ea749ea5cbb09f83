import { valuesAt } from "../../lib/values-at.ts";
import { takeRows } from "../../table/table.ts";
import { type FittedCandidate, fitCandidate, type Threads } from "../candidate.ts";
import type { FittedModel } from "../trainer.ts";
import { type TrainingData, trainingFolds } from "../training-data.ts";
import type { Candidate, TrainingSpec } from "../training-spec.ts";
import { type Calibration, calibratedScores, emitCalibration } from "./calibration.ts";
import { decideCalibration, type OutOfFold } from "./decide-calibration.ts";

/** As many as a race has on so many rows, at most. */
const foldCount = (rows: number): number => (rows > 10_000 ? 3 : 5);

/** Scores of the training rows by models that have not seen them: one fit a fold, each row once. */
export function outOfFold(
  spec: TrainingSpec,
  candidate: Candidate,
  data: TrainingData,
  threads: Threads,
): OutOfFold {
  const once = { ...spec, repeats: 1 };
  const parts = trainingFolds(once, data, foldCount(data.train.length)).map(({ train, test }) => {
    const { encoder, model } = fitCandidate(spec, candidate, { ...data, rows: train }, threads);
    return {
      scores: model.predict(encoder.encode(takeRows(data.table, test))).values,
      target: valuesAt(data.target, test),
    };
  });
  return {
    probabilities: Float64Array.from(parts.flatMap(({ scores }) => [...scores])),
    target: Float64Array.from(parts.flatMap(({ target }) => [...target])),
    fold: Uint8Array.from(parts.flatMap(({ scores }, k) => [...scores].map(() => k))),
  };
}

/** What is to be said of a candidate's probabilities, where the spec asks for it. */
export function calibrationOf(
  ...given: Parameters<typeof outOfFold>
): ReturnType<typeof decideCalibration> | undefined {
  const [spec] = given;
  if (!spec.calibrate || spec.task !== "binary") return undefined;
  return decideCalibration(outOfFold(...given));
}

/** The same model, saying what was calibrated; in memory and as a file. */
export function withCalibration(
  fitted: FittedCandidate,
  calibration: Calibration | null | undefined,
): FittedCandidate {
  if (!calibration) return fitted;
  const { model } = fitted;
  const calibrated: FittedModel = {
    ...model,
    predict: (design) => calibratedScores(calibration, model.predict(design)),
    emit: (graph, input) => emitCalibration(graph, model.emit(graph, input), calibration),
  };
  return { ...fitted, model: calibrated };
}
