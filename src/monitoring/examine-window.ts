import type { Report } from "../evaluation/report.ts";
import type { Digest } from "../lib/digest.ts";
import type { Signature } from "../onnx/signature.ts";
import { inputTable, type LoggedPrediction } from "../serving/read-log.ts";
import { profileTable } from "../stats/profile.ts";
import { scoresOf, truthsOf } from "./logged-scores.ts";
import type { ModelReference } from "./model-reference.ts";
import { type MonitorState, watchWindow } from "./monitor.ts";
import type { WatchedRule } from "./window-abstention.ts";
import type { CalibrationCache } from "./window-drift.ts";
import type { MonitoringWindow } from "./windows.ts";

export interface ExamineInput {
  readonly window: MonitoringWindow;
  /** The champion's answers in the window. */
  readonly predictions: readonly LoggedPrediction[];
  /** The champion's answers of any age whose truth arrived in the window, in order of event time. */
  readonly labelled: readonly LoggedPrediction[];
  readonly signature: Signature;
  /** Blob of the version's `ModelReference`. */
  readonly reference: Digest;
  readonly report: Report;
  /** Of the version, when it has one. */
  readonly abstention?: WatchedRule | undefined;
  readonly state: MonitorState;
  readonly seed: number;
}

export interface ExamineDeps {
  readonly loadReference: (reference: Digest) => Promise<ModelReference>;
  /** Kept between calls: thresholds are resampled once per feature and window size. */
  readonly calibrations: (reference: Digest) => CalibrationCache;
}

/** Compares a window of logged answers with what was normal when the version was accepted. */
export async function examineWindow(
  deps: ExamineDeps,
  input: ExamineInput,
): Promise<ReturnType<typeof watchWindow>> {
  const { signature, predictions, labelled } = input;
  return watchWindow({
    ...{ window: input.window, state: input.state, report: input.report, seed: input.seed },
    abstention: input.abstention,
    reference: await deps.loadReference(input.reference),
    inputs: profileTable(inputTable(predictions, signature.columns)),
    scores: scoresOf(predictions, signature),
    classes: signature.classes,
    labelled: { scores: scoresOf(labelled, signature), target: truthsOf(labelled, signature) },
    cache: deps.calibrations(input.reference),
  });
}
