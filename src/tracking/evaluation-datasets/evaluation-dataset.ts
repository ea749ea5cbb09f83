import { digestOf } from "../../lib/digest.ts";
import type { Json } from "../../lib/json.ts";

export interface EvaluationDataset {
  /** `d-` and 32 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly schema: RecordSchema | undefined;
  /** Another one after every change of the records. */
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly createdBy: string | undefined;
  readonly updatedBy: string | undefined;
  readonly experiments: readonly string[];
  readonly records: number;
}

/** Field → type; outputs may be one value instead of fields. */
export interface RecordSchema {
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>> | string;
  readonly expectations: Readonly<Record<string, string>>;
  readonly version: "1.0";
}

/** The tag that says who made a dataset or a record. */
export const USER_TAG = "mlflow.user";

export const datasetDigest = (name: string, at: number): string =>
  digestOf(`${name}:${at}`).slice("sha256:".length, "sha256:".length + 8);

/** Dataset in JSON: what is an object is JSON text in it. */
export const evaluationDatasetView = (dataset: EvaluationDataset): Json => ({
  dataset_id: dataset.id,
  name: dataset.name,
  tags: JSON.stringify(dataset.tags),
  ...(dataset.schema === undefined ? {} : { schema: JSON.stringify(dataset.schema) }),
  ...(dataset.records === 0 ? {} : { profile: JSON.stringify({ num_records: dataset.records }) }),
  digest: dataset.digest,
  ...{ created_time: dataset.createdAt, last_update_time: dataset.updatedAt },
  ...(dataset.createdBy === undefined ? {} : { created_by: dataset.createdBy }),
  ...(dataset.updatedBy === undefined ? {} : { last_updated_by: dataset.updatedBy }),
  ...(dataset.experiments.length === 0 ? {} : { experiment_ids: dataset.experiments }),
});
