import type { StepContext } from "../engine/engine.ts";
import type { Digest } from "../lib/digest.ts";
import type { ScratchFile, TableWriter } from "../storage/columns/columns.ts";
import { type Table, takeRows } from "../table/table.ts";
import { trainingData } from "../training/training-data.ts";
import { gatherData } from "./gather-data.ts";
import { planTraining } from "./plan-training.ts";

export interface ExportedRows {
  readonly model: string;
  readonly dataset: Digest;
  readonly rows: number;
  /** Kept back: what every version of the model is judged by. */
  readonly heldOut: number;
  /** How they were divided, in words. */
  readonly split: string;
}

/**
 * Writes the rows that a model may learn from to a file, for those who train elsewhere: whoever sees no others is judged fairly.
 * The same rows as a training here would take now.
 */
export async function exportTrainingRows(
  deps: Parameters<typeof gatherData>[0] & Parameters<typeof planTraining>[0],
  input: {
    readonly model: string;
    /** Absolute; .parquet, .csv or .jsonl. */
    readonly out: string;
    readonly token: string;
    readonly step: StepContext;
  },
): Promise<ExportedRows> {
  const { model, out, token } = input;
  const data = await gatherData(deps, input);
  const { spec } = await planTraining(deps, { model, data });
  const all = await deps.columns.readTable(await deps.blobs.localPath(data.data));
  const parts = trainingData(spec, all);
  const writer = await deps.columns.writer(
    data.schema.columns.map(({ name }) => ({ name, type: all.columns.get(name)!.type })),
  );
  const file = await written(writer, takeRows(parts.table, parts.train));
  try {
    await deps.columns.publish([file.path], { to: out, token });
  } finally {
    await file.discard();
  }
  return {
    ...{ model, dataset: data.id, rows: parts.train.length, heldOut: parts.test.length },
    split: parts.splitReason,
  };
}

/** Nothing is left of a file that cannot be written. */
async function written(writer: TableWriter, table: Table): Promise<ScratchFile> {
  try {
    await writer.append(table);
    return await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
