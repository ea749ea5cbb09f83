import type { Blobs } from "../../storage/blobs/blobs.ts";
import type { Columns } from "../../storage/columns/columns.ts";
import type { Journals } from "../../storage/journal/journals.ts";
import type { PredictionRecord } from "../prediction.ts";
import type { SegmentRange } from "../segment.ts";
import { arrivalsOf } from "./id-time.ts";
import {
  isSelective,
  isTruthWanted,
  type LoggedPrediction,
  type LogQuery,
  matcherOf,
} from "./query.ts";
import { readRange } from "./read-range.ts";
import { readUnshipped, type Unshipped } from "./read-unshipped.ts";
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
  const { model, truthWithin } = query;
  const matches = matcherOf(query);
  const unshipped = await readUnshipped(deps, { model, wanted: matches });
  const withTruth = async (
    predictions: readonly PredictionRecord[],
  ): Promise<readonly LoggedPrediction[]> => {
    const [first, last] = idSpan(predictions);
    const kept = await deps.store.feedback(model, first, last);
    const logged = joinTruth(predictions, [...kept, ...unshipped.feedback]);
    return logged.filter((prediction) => isTruthWanted(query, prediction));
  };
  const asked = truthWithin && new Set(await idsWithTruth(deps, { model, truthWithin, unshipped }));
  const wanted: typeof matches = asked ? (head) => asked.has(head.id) && matches(head) : matches;
  for (const range of await rangesOf(deps, query, asked))
    for await (const records of readRange(deps, { range, wanted, selective: isSelective(query) }))
      yield await withTruth(records);
  if (unshipped.predictions.length > 0) yield await withTruth(unshipped.predictions);
}

async function idsWithTruth(
  { store }: ReadLogDeps,
  input: {
    readonly model: string;
    readonly truthWithin: { readonly from: number; readonly to: number };
    readonly unshipped: Unshipped;
  },
): Promise<readonly string[]> {
  const { from, to } = input.truthWithin;
  const fresh = input.unshipped.feedback.filter(({ at }) => at >= from && at < to);
  return [...(await store.idsWithTruth(input.model, from, to)), ...fresh.map(({ id }) => id)];
}

/** Where what is asked for may lie: by event time, by arrival, or where these ids were made. */
async function rangesOf(
  { store }: ReadLogDeps,
  { model, from, to, arrivedFrom }: LogQuery,
  ids: ReadonlySet<string> | undefined,
): Promise<readonly SegmentRange[]> {
  if (ids === undefined)
    return arrivedFrom === undefined
      ? store.ranges(model, from, to)
      : store.rangesByArrival(model, arrivedFrom, Number.MAX_SAFE_INTEGER);
  const ranges = new Map<string, SegmentRange>();
  for (const { first, last } of arrivalsOf(ids))
    for (const range of await store.rangesByArrival(model, first, last))
      ranges.set(range.segment, range);
  return [...ranges.values()];
}

function idSpan(predictions: readonly PredictionRecord[]): [first: string, last: string] {
  let [first, last] = [predictions[0]!.id, predictions[0]!.id];
  for (const { id } of predictions) {
    if (id < first) first = id;
    if (id > last) last = id;
  }
  return [first, last];
}
