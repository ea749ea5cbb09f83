import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import type { PipelineDefinition } from "./pipeline.ts";

type Params = Readonly<Record<string, Json>>;

/**
 * What a run gets: what was given, over the pipeline's own. Where it names params, there are no others, and each keeps the kind of its
 * default (of null: any). Throws `invalid_input`.
 */
export function pipelineParams(
  { pipeline, options }: Pick<PipelineDefinition, "pipeline" | "options">,
  given: Params,
): Params {
  const own = options.params;
  if (own === undefined) return given;
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(own, name))
      throw new MillwrightError(
        "invalid_input",
        `params.${name}: pipeline ${pipeline} has no such param. It has ${Object.keys(own).join(", ") || "none"}.`,
      );
    const wanted = kindOf(own[name]!);
    if (wanted !== "null" && kindOf(value) !== wanted)
      throw new MillwrightError(
        "invalid_input",
        `params.${name}: ${JSON.stringify(value).slice(0, 80)}: ${wanted} is needed, such as ${JSON.stringify(own[name]).slice(0, 80)}.`,
      );
  }
  return { ...own, ...given };
}

const kindOf = (value: Json): string =>
  value === null
    ? "null"
    : Array.isArray(value)
      ? "a list"
      : { string: "a text", number: "a number", boolean: "true or false", object: "an object" }[
          typeof value as "string" | "number" | "boolean" | "object"
        ];
