import type { Blobs } from "../../storage/blobs/blobs.ts";
import type { Columns } from "../../storage/columns/columns.ts";
import { arrivalsOf, firstIdAt, timeOfId } from "./id-time.ts";
import { readRange } from "./read-range.ts";
import type { LogStore } from "./store.ts";

/** Looked at in one go; the rest waits for the next time. */
const MOST = 50_000;
/** A gateway that was cut off may ship a prediction so long after its feedback. */
const LATE_MS = 30 * 86_400_000;
/** Feedback may be shipped before its prediction: not said to be unmatched before that. */
const SETTLED_MS = 3_600_000;

/**
 * Looks for the prediction of every feedback that came since the last time. Feedback without one is kept: its prediction may still
 * come. @returns how many of those looked at have none.
 */
export async function matchFeedback(
  deps: { readonly columns: Columns; readonly blobs: Blobs; readonly store: LogStore },
  { now }: { readonly now: number },
): Promise<number> {
  const { store } = deps;
  const open = new Map<string, string[]>();
  for (const { model, id } of await store.unmatched(MOST, firstIdAt(now - LATE_MS)))
    open.set(model, [...(open.get(model) ?? []), id]);
  let unmatched = 0;
  for (const [model, ids] of open) {
    const missing = new Set(ids);
    const wanted = ({ id }: { readonly id: string }): boolean => missing.has(id);
    for (const { first, last } of arrivalsOf(ids))
      for (const range of await store.rangesByArrival(model, first, last))
        for await (const records of readRange(deps, { range, wanted, selective: true }))
          for (const { id } of records) missing.delete(id);
    const settled = [...missing].filter((id) => (timeOfId(id) ?? 0) < now - SETTLED_MS);
    await store.setMatched(
      model,
      ids.filter((id) => !missing.has(id)),
      true,
    );
    await store.setMatched(model, settled, false);
    unmatched += settled.length;
  }
  return unmatched;
}
