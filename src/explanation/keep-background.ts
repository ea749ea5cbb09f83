import type { Digest } from "../lib/digest.ts";
import { valuesAt } from "../lib/values-at.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import { type Table, takeRows } from "../table/table.ts";
import { trainingData } from "../training/training-data.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import { stratifiedRows } from "./background.ts";
import { keepRows } from "./keep-rows.ts";

export interface BackgroundInput {
  readonly spec: TrainingSpec;
  readonly data: Digest;
  /** Of the model that is served. */
  readonly signature: Signature;
}

/** Keeps a few of the rows a version learned from, as a blob: what its answers are explained against. */
export async function keepBackground(
  deps: {
    readonly blobs: Blobs;
    readonly loadTable: (data: Digest) => Promise<Table>;
  },
  { spec, data, signature }: BackgroundInput,
): Promise<Digest> {
  const known = trainingData(spec, await deps.loadTable(data));
  // With a time split the served model has learned from all rows, else from the training part.
  const learned = spec.split === "time" ? Uint32Array.from(known.target.keys()) : known.train;
  const target = valuesAt(known.target, learned);
  const drawn = stratifiedRows(target, spec.task, spec.seed);
  const rows = drawn.map((at) => learned[at]!);
  return keepRows(deps, { signature, table: takeRows(known.table, rows) });
}
