import type { Blobs } from "../../storage/blobs/blobs.ts";
import type { Columns } from "../../storage/columns/columns.ts";
import type { Journals } from "../../storage/journal/journals.ts";
import type { PredictionRecord } from "../prediction.ts";
import { isSelective, type LoggedPrediction, type LogQuery, matcherOf } from "./query.ts";
import { readRange } from "./read-range.ts";
import { readUnshipped } from "./read-unshipped.ts";
import type { LogStore } from "./store.ts";
import { joinTruth } from "./truth.ts";

export interface ReadLogDeps {
  /** Of this machine. What gateways of other machines have not shipped yet (60 s) is not seen. */
  readonly journals: Journals;
  readonly columns: Columns;
  readonly blobs: Blobs;
  readonly store: LogStore;
}

/**
 * Logged predictions of a window with the feedback that has arrived, shipped or still in a journal, each exactly once, segment by
 * segment, in the memory of a batch (of at most 61,440 rows). In no particular order; `readLog` sorts them.
 */
export async function* scanLog(
  deps: ReadLogDeps,
  query: LogQuery,
): AsyncGenerator<readonly LoggedPrediction[]> {
  const { model, from, to, arrivedFrom } = query;
  const wanted = matcherOf(query);
  const unshipped = await readUnshipped(deps, { model, wanted });
  const withTruth = async (
    predictions: readonly PredictionRecord[],
  ): Promise<readonly LoggedPrediction[]> => {
    const [first, last] = idSpan(predictions);
    const kept = await deps.store.feedback(model, first, last);
    const logged = joinTruth(predictions, [...kept, ...unshipped.feedback]);
    return query.withFeedback ? logged.filter(({ truth }) => truth !== undefined) : logged;
  };
  const ranges =
    arrivedFrom === undefined
      ? deps.store.ranges(model, from, to)
      : deps.store.rangesByArrival(model, arrivedFrom, Number.MAX_SAFE_INTEGER);
  for (const range of await ranges)
    for await (const records of readRange(deps, { range, wanted, selective: isSelective(query) }))
      yield await withTruth(records);
  if (unshipped.predictions.length > 0) yield await withTruth(unshipped.predictions);
}

function idSpan(predictions: readonly PredictionRecord[]): [first: string, last: string] {
  let [first, last] = [predictions[0]!.id, predictions[0]!.id];
  for (const { id } of predictions) {
    if (id < first) first = id;
    if (id > last) last = id;
  }
  return [first, last];
}
