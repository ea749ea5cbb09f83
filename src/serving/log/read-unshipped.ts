import type { Journals } from "../../storage/journal/journals.ts";
import type { FeedbackRecord, LogRecord, PredictionRecord } from "../prediction.ts";
import { headOf, type RecordHead } from "../segment.ts";
import { erasedBy } from "./erasure.ts";
import type { LogStore } from "./store.ts";

export interface Unshipped {
  readonly predictions: readonly PredictionRecord[];
  /** All of the model. */
  readonly feedback: readonly FeedbackRecord[];
}

/**
 * What the journals of this machine hold of a model and is not shipped. Journals are read before the database is asked: what is
 * shipped in between is in both, and counts there. Who was erased is left out. Only what is wanted is kept in memory.
 */
export async function readUnshipped(
  { journals, store }: { readonly journals: Journals; readonly store: LogStore },
  { model, wanted }: { readonly model: string; wanted(head: RecordHead): boolean },
): Promise<Unshipped> {
  const erasures = await store.erasures();
  const found = new Map<string, { predictions: PredictionRecord[]; feedback: FeedbackRecord[] }>();
  for (const segment of await journals.list()) {
    const own: { predictions: PredictionRecord[]; feedback: FeedbackRecord[] } = {
      predictions: [],
      feedback: [],
    };
    for (const given of recordsOf((await journals.read(segment)) ?? [], model)) {
      const { kind, ...record } = given;
      if (kind === "feedback") own.feedback.push(record as FeedbackRecord);
      else if (wanted(headOf(record as PredictionRecord)) && !erasedBy(erasures, given))
        own.predictions.push(record as PredictionRecord);
    }
    found.set(segment.id, own);
  }
  const shipped = await store.shippedAmong([...found.keys()]);
  const fresh = [...found].filter(([id]) => !shipped.has(id)).map(([, own]) => own);
  return {
    predictions: fresh.flatMap(({ predictions }) => predictions),
    feedback: fresh.flatMap(({ feedback }) => feedback),
  };
}

/** Parses only lines that mention the model: journals hold many. */
function* recordsOf(lines: readonly string[], model: string): Generator<LogRecord> {
  const mention = `"model":${JSON.stringify(model)}`;
  for (const line of lines) {
    if (!line.includes(mention)) continue;
    const record = JSON.parse(line) as LogRecord;
    if (record.model === model) yield record;
  }
}
