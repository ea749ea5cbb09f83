import { invalidParameter } from "../mlflow/errors.ts";

/** The tag in which clients before 3.0 keep what models a run logged: a JSON list. */
export const MODEL_HISTORY_TAG = "mlflow.log-model.history";

const REQUIRED = ["artifact_path", "flavors", "utc_time_created", "run_id"];
const KEPT = ["run_id", "utc_time_created", "artifact_path", "model_uuid"];

type Fields = Readonly<Record<string, unknown>>;

/** What is kept of an MLmodel file in JSON. Throws INVALID_PARAMETER_VALUE. */
export function historyEntry(modelJson: string): Fields {
  const model = parsed(modelJson);
  if (!isFields(model))
    throw invalidParameter(
      `Malformed model info. \n ${modelJson.slice(0, 500)} \n is not a valid JSON.`,
    );
  const missing = REQUIRED.filter((field) => !(field in model));
  if (missing.length > 0)
    throw invalidParameter(
      `Model json is missing mandatory fields: {${missing.map((field) => `'${field}'`).join(", ")}}`,
    );
  const flavors = isFields(model.flavors) ? model.flavors : {};
  return {
    ...Object.fromEntries(
      KEPT.filter((field) => field in model).map((field) => [field, model[field]]),
    ),
    flavors: Object.fromEntries(
      Object.entries(flavors).map(([name, flavor]) => [name, withoutConfig(flavor)]),
    ),
  };
}

/** @param value of the tag so far. */
export function withEntry(value: string | undefined, entry: Fields): string {
  const list = value === undefined ? [] : parsed(value);
  if (!Array.isArray(list))
    throw invalidParameter(
      `The tag '${MODEL_HISTORY_TAG}' of the run is not a JSON list. Delete the tag, then log the model again.`,
    );
  return JSON.stringify([...list, entry]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function withoutConfig(flavor: unknown): unknown {
  if (!isFields(flavor)) return flavor;
  const { config: _, ...rest } = flavor;
  return rest;
}
