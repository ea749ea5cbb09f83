import { arrivalsOf } from "./id-time.ts";
import { ANSWERING, type LoggedPrediction, type LogQuery, matcherOf, VARIANTS } from "./query.ts";
import { readRange } from "./read-range.ts";
import { readUnshipped } from "./read-unshipped.ts";
import type { ReadLogDeps } from "./scan-log.ts";
import { joinTruth } from "./truth.ts";

export interface FoundPrediction extends LoggedPrediction {
  /** What ran beside it on the same row. */
  readonly beside: readonly LoggedPrediction[];
}

/** One prediction, however old: its id says when it was made, so only the segments of that moment are read. */
export async function findPrediction(
  deps: ReadLogDeps,
  { model, id }: { readonly model: string; readonly id: string },
): Promise<FoundPrediction | undefined> {
  const [arrival] = arrivalsOf([id]);
  if (arrival === undefined) return undefined;
  const everything: LogQuery = {
    ...{ model, id, variant: VARIANTS },
    from: Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
  };
  const wanted = matcherOf(everything);
  const fresh = await readUnshipped(deps, { model, wanted });
  const records = [...fresh.predictions];
  if (records.length === 0)
    for (const range of await deps.store.rangesByArrival(model, arrival.first, arrival.last))
      for await (const found of readRange(deps, { range, wanted, selective: true }))
        records.push(...found);
  const feedback = [...(await deps.store.feedback(model, id, id)), ...fresh.feedback];
  const logged = joinTruth(records, feedback);
  const answer = logged.find(({ variant }) => ANSWERING.includes(variant));
  return answer && { ...answer, beside: logged.filter((other) => other !== answer) };
}
