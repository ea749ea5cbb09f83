import type { Tag } from "../experiments/experiment.ts";
import type { Param } from "../runs/tracked-run.ts";
import type { LoggedModel, LoggedModelStatus } from "./logged-model.ts";

export interface ModelRow {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly model_type: string | null;
  readonly source_run: string | null;
  readonly artifact_uri: string;
  readonly status: LoggedModelStatus;
  readonly status_message: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly tags: readonly Tag[] | null;
  readonly params: readonly Param[] | null;
  /** NaN and infinities are texts. */
  readonly metrics:
    | readonly [
        key: string,
        value: number | string,
        timestamp: number,
        step: number,
        run: string,
        datasetName: string,
        datasetDigest: string,
      ][]
    | null;
}

const keyed = (table: string): string =>
  `(select json_agg(json_build_object('key', v.key, 'value', v.value) order by v.key)
   from millwright.${table} v where v.model = l.id)`;

/**
 * The columns of `ModelRow`, of the table under the name `l`. A model may have the whole history of its run: so many points of each
 * metric, run and dataset are shown, the last ones.
 */
export const modelColumns = (points: number): string =>
  `l.id, l.experiment::text as experiment, l.name, l.model_type, l.source_run, l.artifact_uri, l.status, l.status_message,
  l.created_at, l.updated_at, ${keyed("logged_model_tag")} as tags, ${keyed("logged_model_param")} as params,
  (select json_agg(json_build_array(v.key, v.value, v.timestamp, v.step, r.id, v.dataset_name, v.dataset_digest)
     order by v.key, v.timestamp, v.step, v.value)
   from (select *, row_number() over (partition by m.key, m.run, m.dataset_name, m.dataset_digest
       order by m.timestamp desc, m.step desc, m.value desc) as back
     from millwright.logged_model_metric m where m.model = l.id) v
   join millwright.tracked_run r on r.seq = v.run where v.back <= ${points}) as metrics`;

export const modelOfRow = (row: ModelRow): LoggedModel => ({
  id: row.id,
  experiment: row.experiment,
  name: row.name,
  modelType: row.model_type ?? undefined,
  sourceRun: row.source_run ?? undefined,
  artifactUri: row.artifact_uri,
  status: row.status,
  statusMessage: row.status_message ?? undefined,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  tags: row.tags ?? [],
  params: row.params ?? [],
  metrics: (row.metrics ?? []).map(
    ([key, value, timestamp, step, run, datasetName, datasetDigest]) => ({
      ...{ key, value: Number(value), timestamp, step, run },
      datasetName: datasetName || undefined,
      datasetDigest: datasetDigest || undefined,
    }),
  ),
});
