import { omitEmpty } from "../mlflow/omit-empty.ts";
import { metricWire } from "../runs/run-wire.ts";
import type { LoggedModel, LoggedModelMetric } from "./logged-model.ts";
import { registrationsIn, VERSIONS_TAG } from "./registrations.ts";

const modelMetricWire = (metric: LoggedModelMetric, model: string) =>
  omitEmpty({
    ...metricWire(metric),
    ...{ model_id: model, run_id: metric.run },
    ...{ dataset_name: metric.datasetName, dataset_digest: metric.datasetDigest },
  });

/** `LoggedModel` in MLflow's JSON. */
export const loggedModelWire = (model: LoggedModel) => ({
  info: omitEmpty({
    model_id: model.id,
    experiment_id: model.experiment,
    name: model.name,
    creation_timestamp_ms: model.createdAt,
    last_updated_timestamp_ms: model.updatedAt,
    artifact_uri: model.artifactUri,
    status: model.status,
    model_type: model.modelType,
    source_run_id: model.sourceRun,
    status_message: model.statusMessage,
    tags: model.tags,
    registrations: registrations(model),
  }),
  data: omitEmpty({
    params: model.params,
    metrics: model.metrics.map((metric) => modelMetricWire(metric, model.id)),
  }),
});

const registrations = ({ tags }: LoggedModel): { name: string; version: string }[] =>
  registrationsIn(tags.find(({ key }) => key === VERSIONS_TAG)?.value).map(({ name, version }) => ({
    name,
    version: String(version),
  }));
