import type { PredictionRecord } from "../prediction.ts";
import {
  cursorOf,
  inOrder,
  isTruthWanted,
  type LoggedPrediction,
  type LogQuery,
  matcherOf,
  type Order,
  placeOf,
} from "./query.ts";
import { readRange } from "./read-range.ts";
import { readUnshipped } from "./read-unshipped.ts";
import type { ReadLogDeps } from "./scan-log.ts";
import { joinTruth } from "./truth.ts";

export interface PageQuery extends LogQuery {
  readonly limit: number;
  /** `newest` when left out. */
  readonly order?: Order | undefined;
  /** `next` of the page before. */
  readonly after?: string | undefined;
}

export interface LogPage {
  readonly predictions: readonly LoggedPrediction[];
  /** undefined: that was the last one. */
  readonly next: string | undefined;
}

/**
 * A page of predictions by event time, then id. Segments are read in that order, and no further than the page reaches: the first
 * page of a large log costs about one segment. Never holds more than twice the page and a batch.
 */
export async function pageLog(deps: ReadLogDeps, query: PageQuery): Promise<LogPage> {
  const { model, from, to, limit, order = "newest" } = query;
  const compare = inOrder(order);
  const start = query.after === undefined ? undefined : placeOf(query.after);
  const matches = matcherOf(query);
  const wanted: typeof matches = (head) =>
    matches(head) && (start === undefined || compare(start, head) < 0);

  const fresh = await readUnshipped(deps, { model, wanted });
  const page: LoggedPrediction[] = [];
  const keep = async (records: readonly PredictionRecord[]): Promise<void> => {
    // What lies behind a full page need not be joined.
    const candidates =
      page.length <= limit ? records : records.filter((r) => compare(r, page[limit]!) < 0);
    for (const part of partsOf(candidates)) {
      const ids = part.map(({ id }) => id).sort();
      const kept = await deps.store.feedback(model, ids[0]!, ids.at(-1)!);
      for (const logged of joinTruth(part, [...kept, ...fresh.feedback]))
        if (isTruthWanted(query, logged)) page.push(logged);
    }
    page.sort(compare);
    page.length = Math.min(page.length, limit + 1);
  };
  await keep(fresh.predictions);
  const ranges = [...(await deps.store.ranges(model, from, to))].sort((a, b) =>
    order === "newest" ? b.lastEvent - a.lastEvent : a.firstEvent - b.firstEvent,
  );
  for (const range of ranges) {
    const last = page[limit];
    if (last !== undefined && isBehind(range, last.eventTime, order)) break;
    if (start !== undefined && isBefore(range, start.eventTime, order)) continue;
    for await (const records of readRange(deps, { range, wanted, selective: true }))
      await keep(records);
  }
  const more = page.length > limit;
  const predictions = page.slice(0, limit);
  return { predictions, next: more ? cursorOf(predictions.at(-1)!) : undefined };
}

interface Span {
  readonly firstEvent: number;
  readonly lastEvent: number;
}

/** Nothing of the segment, and of those after it, belongs on a page that ends at `eventTime`. */
const isBehind = (range: Span, eventTime: number, order: Order): boolean =>
  order === "newest" ? range.lastEvent < eventTime : range.firstEvent > eventTime;

/** All of the segment was on pages before. */
const isBefore = (range: Span, eventTime: number, order: Order): boolean =>
  order === "newest" ? range.firstEvent > eventTime : range.lastEvent < eventTime;

function* partsOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += 10_000) yield all.slice(at, at + 10_000);
}
