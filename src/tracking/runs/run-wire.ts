import { wireDouble } from "../mlflow/fields.ts";
import { omitEmpty } from "../mlflow/omit-empty.ts";
import type { DatasetInput, Metric, RunContents, TrackedRun } from "./tracked-run.ts";

/** `RunInfo` in MLflow's JSON: both names of the id; no end while there is none. */
export const runInfoWire = (run: TrackedRun) =>
  omitEmpty({
    run_uuid: run.id,
    run_id: run.id,
    experiment_id: run.experiment,
    run_name: run.name,
    user_id: run.userId,
    status: run.status,
    start_time: run.startTime,
    end_time: run.endTime,
    artifact_uri: run.artifactUri,
    lifecycle_stage: run.lifecycleStage,
  });

export const metricWire = ({ key, value, timestamp, step }: Metric) => ({
  key,
  value: wireDouble(value),
  timestamp,
  step,
});

const datasetInputWire = ({ dataset, tags }: DatasetInput) =>
  omitEmpty({
    tags,
    dataset: omitEmpty({
      name: dataset.name,
      digest: dataset.digest,
      source_type: dataset.sourceType,
      source: dataset.source,
      schema: dataset.schema,
      profile: dataset.profile,
    }),
  });

/** `Run` in MLflow's JSON, as runs/get and runs/search answer it. */
export const runWire = (run: TrackedRun, contents: RunContents) => ({
  info: runInfoWire(run),
  data: omitEmpty({
    metrics: contents.metrics.map(metricWire),
    params: contents.params,
    tags: contents.tags,
  }),
  inputs: omitEmpty({
    dataset_inputs: contents.datasets.map(datasetInputWire),
    model_inputs: contents.inputModels.map((model_id) => ({ model_id })),
  }),
  outputs: omitEmpty({
    model_outputs: contents.outputModels.map(({ model, step }) => ({ model_id: model, step })),
  }),
});
