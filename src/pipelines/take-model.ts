import type { DatasetVersion } from "../datasets/dataset-version.ts";
import { MillwrightError } from "../errors.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import type { ModelFiles } from "./fetch-logged-model.ts";
import type { Platform } from "./platform.ts";
import { type Fitting, tryOnDataset } from "./try-on-dataset.ts";

/**
 * Takes the ONNX file that a program left: imports it in the words of the project and runs it on made-up values. Throws
 * `invalid_model` in words for the program's author.
 */
export async function takeModel(
  deps: Pick<Platform, "compute" | "project" | "runtime" | "blobs">,
  input: {
    readonly bytes: Uint8Array | undefined;
    readonly spec: TrainingSpec;
    readonly data: Pick<DatasetVersion, "data" | "schema">;
    /** The program, as people call it. */
    readonly label: string;
    readonly file: string;
  },
): Promise<Fitting> {
  const { bytes, spec, data, label, file } = input;
  const { classes } = spec;
  if (bytes === undefined)
    throw new MillwrightError(
      "invalid_model",
      `'${label}' ended well and left no model. It has to write an ONNX file to the path in the variable MILLWRIGHT_MODEL.`,
    );
  const onnx = await deps.blobs.put(bytes);
  const take = (wishes: ModelFiles["wishes"]) =>
    tryOnDataset(deps, { files: { file, onnx, external: {}, wishes }, plan: { spec }, data });
  const own = await take({});
  // Its own names for the classes count; where they are not ours, its scores are in the order of the task.
  const tried = "misfit" in own && classes.length > 0 ? await take({ classes: [...classes] }) : own;
  if ("broken" in tried) throw new MillwrightError("invalid_model", tried.broken);
  if ("misfit" in tried)
    throw new MillwrightError("invalid_model", `Its model does not fit: ${tried.misfit}`);
  return tried;
}
