import type { Log } from "../lib/log.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Columns } from "../storage/columns/columns.ts";
import type { Journals } from "../storage/journal/journals.ts";
import type { LogRecord } from "./prediction.ts";
import { arrangeSegment, LOG_COLUMNS, segmentTable } from "./segment.ts";
import type { ServingStore } from "./store.ts";

export interface ShipDeps {
  readonly journals: Journals;
  readonly columns: Columns;
  readonly blobs: Blobs;
  readonly store: ServingStore;
  readonly log: Log;
  /** Lets other work of this process have a turn. */
  breathe(): Promise<void>;
}

export interface Shipped {
  readonly segments: number;
  readonly predictions: number;
  readonly feedback: number;
}

/** Lines parsed in one go: about 5 ms. */
const TURN = 1000;

/**
 * Moves every closed journal segment into the log that lasts: predictions as Parquet in blobs, feedback into the database.
 * A segment counts once, whoever ships it and however often it is begun: its rows appear with its id in one transaction, and
 * only then the file goes.
 */
export async function ship(deps: ShipDeps): Promise<Shipped> {
  const total = { segments: 0, predictions: 0, feedback: 0 };
  for (const segment of await deps.journals.list()) {
    if (!segment.closed) continue;
    if (!(await deps.store.isShipped(segment.id))) {
      const lines = await deps.journals.read(segment);
      if (lines === undefined) continue;
      const records: LogRecord[] = [];
      for (let at = 0; at < lines.length; at += TURN) {
        for (const line of lines.slice(at, at + TURN)) records.push(JSON.parse(line) as LogRecord);
        await deps.breathe();
      }
      const { predictions, ranges, feedback } = arrangeSegment(records);
      const data = predictions.length === 0 ? undefined : await keep(deps, predictions);
      const rows = predictions.length;
      await deps.store.addSegment({ id: segment.id, data, rows, ranges }, feedback);
      total.segments++;
      total.predictions += rows;
      total.feedback += feedback.length;
    }
    await deps.journals.remove(segment);
  }
  if (total.segments > 0) deps.log.debug("prediction log shipped", total);
  return total;
}

async function keep(
  { columns, blobs, breathe }: ShipDeps,
  predictions: Parameters<typeof segmentTable>[0],
) {
  const writer = await columns.writer(LOG_COLUMNS);
  try {
    for (let at = 0; at < predictions.length; at += TURN) {
      await writer.append(segmentTable(predictions.slice(at, at + TURN)));
      await breathe();
    }
    const { path } = await writer.finish();
    return await blobs.putFile(path);
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
