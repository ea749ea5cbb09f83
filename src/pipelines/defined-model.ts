import { MillwrightError } from "../errors.ts";
import type { DatasetDefinition, ModelDefinition, ProjectDefinition } from "./project.ts";

/** What a person wrote about a model and its dataset. @throws not_found naming the models there are. */
export function definedModel(
  { models, datasets }: ProjectDefinition,
  name: string,
): { readonly model: ModelDefinition; readonly dataset: DatasetDefinition } {
  const model = Object.hasOwn(models, name) ? models[name] : undefined;
  const dataset = model && datasets[model.dataset];
  if (model && dataset) return { model, dataset };
  throw new MillwrightError(
    "not_found",
    `The project has no model "${name}". It has: ${Object.keys(models).join(", ") || "none"}.`,
  );
}
