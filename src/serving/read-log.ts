import { rowsToTable } from "../onnx/rows.ts";
import type { SignatureColumn } from "../onnx/signature.ts";
import type { Table } from "../table/table.ts";
import { inOrder, type LoggedPrediction, type LogQuery } from "./log/query.ts";
import { type ReadLogDeps, scanLog } from "./log/scan-log.ts";
import type { PredictionRecord } from "./prediction.ts";

export type { LoggedPrediction, LogQuery } from "./log/query.ts";

/** Logged predictions of a window with the feedback that has arrived, by event time, then id. All of them in memory: see `scanLog`. */
export async function readLog(deps: ReadLogDeps, query: LogQuery): Promise<LoggedPrediction[]> {
  const logged: LoggedPrediction[] = [];
  for await (const batch of scanLog(deps, query))
    for (const prediction of batch) logged.push(prediction);
  return logged.sort(inOrder("oldest"));
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
