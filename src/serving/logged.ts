import type { Scores, Target } from "../lib/task.ts";
import { rowsToTable } from "../onnx/rows.ts";
import type { Signature, SignatureColumn } from "../onnx/signature.ts";
import type { Table } from "../table/table.ts";
import type { PredictionRecord } from "./prediction.ts";

/** A prediction with what became known of it. */
export interface LoggedPrediction extends PredictionRecord {
  /** What really happened; undefined while nobody knows. `at` in milliseconds since 1970. */
  readonly truth: { readonly label: string | number; readonly at: number } | undefined;
}

/** The inputs as a table, read as the gateway reads them. A value that is none for its role is missing. */
export const inputTable = (
  predictions: readonly PredictionRecord[],
  columns: readonly SignatureColumn[],
): Table =>
  rowsToTable(
    { columns },
    predictions.map((prediction) => prediction.inputs),
  ).table;

/** The outputs as metrics take them. */
export function loggedScores(
  predictions: readonly PredictionRecord[],
  signature: Signature,
): Scores {
  const width = signature.task === "multiclass" ? signature.classes.length : 1;
  const values = new Float64Array(predictions.length * width);
  predictions.forEach((prediction, i) => {
    values.set(prediction.output, i * width);
  });
  return { rows: predictions.length, width, values };
}

/** What really happened as metrics take it; NaN = not known. */
export const loggedTruth = (
  predictions: readonly LoggedPrediction[],
  { task, classes }: Signature,
): Target =>
  Float64Array.from(predictions, ({ truth }) => {
    if (truth === undefined) return Number.NaN;
    if (task === "regression") return Number(truth.label);
    const index = classes.indexOf(String(truth.label));
    return index < 0 ? Number.NaN : index;
  });

/** Champion and shadow on the same row. Rows that only one of them answered are left out. */
export function pairById(
  champion: readonly LoggedPrediction[],
  shadow: readonly PredictionRecord[],
): { readonly champion: LoggedPrediction[]; readonly shadow: PredictionRecord[] } {
  const byId = new Map(shadow.map((prediction) => [prediction.id, prediction]));
  const both = champion.filter((prediction) => byId.has(prediction.id));
  return { champion: both, shadow: both.map((prediction) => byId.get(prediction.id)!) };
}
