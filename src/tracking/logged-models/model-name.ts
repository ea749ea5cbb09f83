import { invalidParameter } from "../mlflow/errors.ts";
import { checkLength } from "../mlflow/names.ts";

const LENGTH = 500;
/** They would be read as something else in a `models:/` URI or a path. */
const REFUSED = ["/", ":", ".", "%", '"', "'"] as const;

/** The name, if a logged model may have it; throws INVALID_PARAMETER_VALUE. */
export function modelName(name: string): string {
  if (name === "" || REFUSED.some((character) => name.includes(character)))
    throw invalidParameter(
      `Invalid model name ('${name.slice(0, 120)}') provided. Model name must be a non-empty string and cannot contain the following characters: ${REFUSED.join(" ")}`,
    );
  checkLength("name", LENGTH, name);
  return name;
}
