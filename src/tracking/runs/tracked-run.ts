import type { LifecycleStage, Tag } from "../experiments/experiment.ts";

export const RUN_STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export interface TrackedRun {
  /** 32 hex digits, or the id of a run of our own pipelines. */
  readonly id: string;
  /** What the large tables refer to. */
  readonly seq: number;
  readonly experiment: string;
  /** The same as the tag mlflow.runName. */
  readonly name: string;
  readonly userId: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | undefined;
  readonly lifecycleStage: LifecycleStage;
  readonly artifactUri: string;
}

export interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

export interface Param {
  readonly key: string;
  readonly value: string;
}

export interface TrackedDataset {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema: string | undefined;
  readonly profile: string | undefined;
}

export interface DatasetInput {
  readonly dataset: TrackedDataset;
  readonly tags: readonly Tag[];
}

export interface ModelOutput {
  readonly model: string;
  readonly step: number;
}

/** All that a run shows beside its own row. */
export interface RunContents {
  /** Of each key the latest: the greatest (step, timestamp, value). */
  readonly metrics: readonly Metric[];
  readonly params: readonly Param[];
  readonly tags: readonly Tag[];
  readonly datasets: readonly DatasetInput[];
  /** Ids of logged models. */
  readonly inputModels: readonly string[];
  readonly outputModels: readonly ModelOutput[];
}

export const NO_CONTENTS: RunContents = {
  ...{ metrics: [], params: [], tags: [], datasets: [], inputModels: [], outputModels: [] },
};

/** The tag that is a run's name. */
export const RUN_NAME_TAG = "mlflow.runName";

/** The tag of a run's dataset that says what for the run used it: `training`. */
export const CONTEXT_TAG = "mlflow.data.context";
