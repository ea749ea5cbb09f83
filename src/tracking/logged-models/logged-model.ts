import type { Tag } from "../experiments/experiment.ts";
import type { Metric, Param } from "../runs/tracked-run.ts";

export const LOGGED_MODEL_STATUSES = [
  "LOGGED_MODEL_PENDING",
  "LOGGED_MODEL_READY",
  "LOGGED_MODEL_UPLOAD_FAILED",
] as const;
export type LoggedModelStatus = (typeof LOGGED_MODEL_STATUSES)[number];

export interface LoggedModel {
  /** `m-` and 32 hex digits. */
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly modelType: string | undefined;
  readonly sourceRun: string | undefined;
  readonly artifactUri: string;
  readonly status: LoggedModelStatus;
  readonly statusMessage: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly Tag[];
  readonly params: readonly Param[];
  readonly metrics: readonly LoggedModelMetric[];
}

export interface LoggedModelMetric extends Metric {
  readonly run: string;
  readonly datasetName: string | undefined;
  readonly datasetDigest: string | undefined;
}
