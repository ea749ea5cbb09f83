import { omitEmpty } from "../mlflow/omit-empty.ts";
import type { Experiment } from "./experiment.ts";

/** `Experiment` in MLflow's JSON. */
export const experimentWire = (experiment: Experiment) =>
  omitEmpty({
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.lifecycleStage,
    last_update_time: experiment.updatedAt,
    creation_time: experiment.createdAt,
    tags: experiment.tags,
  });
