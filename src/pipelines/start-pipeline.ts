import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import { plainJson } from "../lib/plain-json.ts";
import { utf8Bytes } from "../lib/utf8.ts";
import { pipelineParams } from "./pipeline-params.ts";
import type { Platform } from "./platform.ts";
import type { UserRunInput } from "./user-pipeline.ts";

const MOST_PARAMS = 2 ** 18;

/** Starts a run of a pipeline that the project declares, with the code as it is now. @returns its id. Throws `not_found`, `invalid_input`. */
export async function startPipeline(
  { project, blobs, engine }: Pick<Platform, "project" | "blobs" | "engine">,
  { pipeline: name, params }: { readonly pipeline: string; readonly params: unknown },
): Promise<string> {
  const { definition, bundle } = await project();
  const { pipelines = {} } = definition;
  const found = Object.hasOwn(pipelines, name) ? pipelines[name] : undefined;
  if (!found)
    throw new MillwrightError(
      "not_found",
      `The project has no pipeline "${name}". It has ${Object.keys(pipelines).join(", ") || "none: declare one in millwright.config.ts (pipelines: { … })"}.`,
    );
  const given = plainJson(params ?? {}, "params", MOST_PARAMS);
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new MillwrightError("invalid_input", 'params: give an object, such as {"limit": 40}.');
  const whole = pipelineParams(found, given as Readonly<Record<string, Json>>);
  const code = await blobs.put(utf8Bytes(bundle));
  return engine.submit(name, { code, params: whole } satisfies UserRunInput);
}
