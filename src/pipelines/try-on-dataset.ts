import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Digest } from "../lib/digest.ts";
import type { ImportOptions } from "../onnx/import-onnx.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import type { ModelFiles } from "./fetch-logged-model.ts";
import { answerMisfit, importWishes } from "./import-wishes.ts";
import { columnMisfit, featuresTaken } from "./model-columns.ts";
import { orReason } from "./or-reason.ts";
import type { TrainingPlan } from "./plan-training.ts";
import type { Platform } from "./platform.ts";
import { readModelFiles } from "./read-model-files.ts";
import type { ImportRecord } from "./register-imported.ts";
import { tryGraph } from "./try-graph.ts";

/** A model that can be asked about the rows of a dataset. Plain JSON, journaled. */
export interface Fitting {
  /** The project's, with the columns that this model takes. */
  readonly spec: TrainingSpec;
  /** As it is stored. */
  readonly onnx: Digest;
  readonly imported: ImportRecord;
  readonly options: ImportOptions;
}

/**
 * Imports and runs a model's file in the words of the project. `broken`: it cannot be served at all; `misfit`: served, but not
 * judged on this dataset; both in words for its author.
 */
export async function tryOnDataset(
  deps: Pick<Platform, "runtime" | "blobs">,
  input: {
    readonly files: ModelFiles;
    readonly plan: Pick<TrainingPlan, "spec">;
    readonly data: Pick<DatasetVersion, "schema">;
  },
): Promise<Fitting | { readonly broken: string } | { readonly misfit: string }> {
  const { files, plan, data } = input;
  const { spec } = plan;
  const { bytes, external } = await readModelFiles(deps, files);
  const tried = await orReason(async () => {
    const asked = { spec, schema: data.schema };
    const { options, notes } = importWishes(bytes, { ...files, external, asked });
    const graph = await tryGraph(deps, { bytes, options: { ...options, external } });
    return { ...graph, assumed: notes, options };
  });
  if ("reason" in tried) return { broken: tried.reason };
  const { signature, about } = tried;
  const misfit =
    answerMisfit(signature, spec) ??
    columnMisfit(signature, { schema: data.schema, target: spec.target });
  if (misfit !== undefined) return { misfit };
  return {
    spec: { ...spec, columns: featuresTaken(signature, spec.columns) },
    onnx: await deps.blobs.put(tried.onnx),
    imported: {
      ...{ signature, notes: [...tried.notes, ...tried.assumed] },
      about: { producer: about.producer, opsets: about.opsets },
    },
    options: tried.options,
  };
}
