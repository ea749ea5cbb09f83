import type { Tag } from "../experiments/experiment.ts";
import type { DatasetInput, Metric, Param, RunStatus } from "../runs/tracked-run.ts";

/** What a run of our own says of itself: as a whole or a part, once or again. What is left out stays as it is. */
export interface RunRecord {
  /** That of the pipeline's run; of a candidate: that and `-<candidate>`. */
  readonly id: string;
  /** By name; it is made where it is not there. */
  readonly experiment: string;
  readonly name: string;
  readonly user: string;
  /** Milliseconds since 1970, as all times. A step that is repeated must say the same ones: they are part of a point. */
  readonly startTime: number;
  readonly params?: readonly Param[];
  readonly tags?: readonly Tag[];
  readonly metrics?: readonly Metric[];
  readonly datasets?: readonly DatasetInput[];
  /** Of code, data, recipe and environment: only of a run whose result another one may take over. */
  readonly fingerprint?: string;
  readonly ended?: { readonly status: Exclude<RunStatus, "RUNNING">; readonly at: number };
}

export const PARENT_TAG = "mlflow.parentRunId";

/** As pairs of texts; values that are not known are left out, others that are no texts become JSON. */
export const pairs = (values: Readonly<Record<string, unknown>>): Tag[] =>
  Object.entries(values).flatMap(([key, value]) =>
    value === undefined || value === null
      ? []
      : [{ key, value: typeof value === "string" ? value : JSON.stringify(value) }],
  );
