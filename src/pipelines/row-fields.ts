import type { RowFields } from "../serving/route.ts";
import type { ProjectDefinition } from "./project.ts";

/** What rows of a model may carry beside its columns: the dataset's key and time, and columns that were left out on purpose. */
export function rowFieldsOf(project: ProjectDefinition, model: string): RowFields {
  const definition = project.models[model];
  if (!definition) return {};
  const dataset = project.datasets[definition.dataset];
  const left = Object.entries(definition.features ?? {})
    .filter(([, feature]) => feature.role === "ignore")
    .map(([name]) => name);
  return { key: dataset?.key, time: dataset?.time, pass: left };
}
