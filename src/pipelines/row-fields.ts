import type { Schema } from "../datasets/schema.ts";
import type { RowFields } from "../serving/route.ts";
import { levelsOf } from "./family-plan.ts";
import type { ProjectDefinition } from "./project.ts";

/**
 * What rows of a model may carry beside its columns: the dataset's key and time, and its other columns, which are kept in the
 * log for retraining and slices.
 */
export function rowFieldsOf(project: ProjectDefinition, model: string, schema: Schema): RowFields {
  const definition = project.models[model];
  const dataset = definition && project.datasets[definition.dataset];
  const pass = schema.columns
    .map((column) => column.name)
    .filter((name) => name !== definition?.target);
  const levels = definition?.family && levelsOf(definition.family);
  return { key: dataset?.key, time: dataset?.time, pass, ...(levels ? { levels } : {}) };
}
