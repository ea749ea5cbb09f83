import { MillwrightError } from "../errors.ts";
import { crashPoint } from "../lib/crash-point.ts";
import type { Log } from "../lib/log.ts";
import type { Journals, Segment } from "../storage/journal/journals.ts";
import { erasedBy } from "./log/erasure.ts";
import { type KeepSegmentDeps, keepSegment } from "./log/keep-segment.ts";
import type { LogStore } from "./log/store.ts";
import type { LogRecord, PredictionRecord } from "./prediction.ts";
import { arrangeSegment, volumesOf } from "./segment.ts";

export interface ShipDeps extends KeepSegmentDeps {
  readonly journals: Journals;
  readonly store: LogStore;
  readonly log: Log;
}

export interface Shipped {
  readonly segments: number;
  readonly predictions: number;
  readonly feedback: number;
}

/** Lines parsed in one go: about 5 ms. */
const TURN = 1000;

/**
 * Moves every closed journal segment into the log that lasts: predictions as Parquet with their profiles in blobs, feedback into the
 * database. A segment counts once, whoever ships it and however often it is begun: its rows appear with its id in one transaction,
 * and only then the file goes. One that cannot be shipped does not hold up the others, unless the reason holds for all; the first
 * reason is thrown in the end.
 */
export async function ship(deps: ShipDeps): Promise<Shipped> {
  const total = { segments: 0, predictions: 0, feedback: 0 };
  const reasons: unknown[] = [];
  for (const segment of await deps.journals.list()) {
    if (!segment.closed) continue;
    try {
      const shipped = await shipOne(deps, segment);
      total.segments += shipped.segments;
      total.predictions += shipped.predictions;
      total.feedback += shipped.feedback;
    } catch (error) {
      reasons.push(error);
      if (error instanceof MillwrightError && FOR_ALL.has(error.code)) break;
    }
  }
  if (total.segments > 0) deps.log.debug("prediction log shipped", total);
  if (reasons.length > 0) throw reasons[0];
  return total;
}

/** The database is away, or there is no space: the next segment would meet the same. */
const FOR_ALL: ReadonlySet<string> = new Set(["unavailable", "storage_full"]);

async function shipOne(deps: ShipDeps, segment: Segment): Promise<Shipped> {
  const shipped = { segments: 0, predictions: 0, feedback: 0 };
  if (!(await deps.store.isShipped(segment.id))) {
    const lines = await deps.journals.read(segment);
    if (lines === undefined) return shipped;
    const erasures = await deps.store.erasures();
    const records: LogRecord[] = [];
    for (let at = 0; at < lines.length; at += TURN) {
      for (const line of lines.slice(at, at + TURN)) {
        const record = JSON.parse(line) as LogRecord;
        if (!erasedBy(erasures, record)) records.push(record);
      }
      await deps.breathe();
    }
    const { predictions, feedback } = arrangeSegment(records);
    const kept = await keepSegment(deps, { id: segment.id, batches: batches(predictions) });
    crashPoint("ship:kept");
    await deps.store.addSegment(kept, feedback, { volumes: volumesOf(predictions), erasures });
    shipped.segments = 1;
    shipped.predictions = predictions.length;
    shipped.feedback = feedback.length;
  }
  crashPoint("ship:committed");
  await deps.journals.remove(segment);
  return shipped;
}

/** Of predictions sorted by model: parts of one model, of at most `TURN` rows. */
function* batches(predictions: readonly PredictionRecord[]) {
  for (let from = 0, to = 0; from < predictions.length; from = to) {
    const { model } = predictions[from]!;
    while (to < predictions.length && to - from < TURN && predictions[to]!.model === model) to++;
    yield predictions.slice(from, to);
  }
}
