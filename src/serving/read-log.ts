import type { Digest } from "../lib/digest.ts";
import { rowsToTable } from "../onnx/rows.ts";
import type { SignatureColumn } from "../onnx/signature.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Columns } from "../storage/columns/columns.ts";
import type { Journals } from "../storage/journal/journals.ts";
import type { Table } from "../table/table.ts";
import type { FeedbackRecord, LogRecord, PredictionRecord, Variant } from "./prediction.ts";
import { lastFeedback, type RecordHead, tableRecords } from "./segment.ts";
import type { ServingStore } from "./store.ts";

export interface LogQuery {
  readonly model: string;
  /** Event time, milliseconds since 1970: `from` is included, `to` is not. */
  readonly from: number;
  readonly to: number;
  /** Any when left out. */
  readonly version?: Digest | undefined;
  /** `champion` when left out. Records of `shadow` have no inputs: join them with the champion's by id. */
  readonly variant?: Variant | readonly Variant[];
  /** Only predictions of which is known what really happened. */
  readonly withFeedback?: boolean;
}

export interface LoggedPrediction extends PredictionRecord {
  /** What really happened; undefined while nobody knows. `at` in milliseconds since 1970. */
  readonly truth: { readonly label: string | number; readonly at: number } | undefined;
}

export interface ReadLogDeps {
  /** Of this machine. What gateways of other machines have not shipped yet (60 s) is not seen. */
  readonly journals: Journals;
  readonly columns: Columns;
  readonly blobs: Blobs;
  readonly store: ServingStore;
}

/**
 * Logged predictions of a window with the feedback that has arrived, by event time, then id; shipped or still in a journal,
 * each exactly once. Journals are read before the database is asked: what is shipped in between is in both, and counts there.
 */
export async function readLog(deps: ReadLogDeps, query: LogQuery): Promise<LoggedPrediction[]> {
  const { model, from, to, version, variant = "champion" } = query;
  const variants = [variant].flat();
  const wanted = (head: RecordHead): boolean =>
    head.model === model &&
    variants.includes(head.variant) &&
    head.eventTime >= from &&
    head.eventTime < to &&
    (version === undefined || head.version === version);

  const unshipped = new Map<string, LogRecord[]>();
  for (const segment of await deps.journals.list()) {
    const lines = (await deps.journals.read(segment)) ?? [];
    unshipped.set(segment.id, parseModel(lines, model));
  }
  const shipped = await deps.store.shippedAmong([...unshipped.keys()]);
  const predictions: PredictionRecord[] = [];
  for (const range of await deps.store.ranges(model, from, to)) {
    const path = await deps.blobs.localPath(range.data);
    for await (const table of deps.columns.scan(path, { from: range.from, to: range.to }))
      for (const record of tableRecords(table, wanted)) predictions.push(record);
  }
  const fresh = [...unshipped].filter(([id]) => !shipped.has(id)).flatMap(([, records]) => records);
  for (const record of fresh)
    if (record.kind === "prediction" && wanted(record)) predictions.push(withoutKind(record));
  predictions.sort((a, b) => a.eventTime - b.eventTime || (a.id < b.id ? -1 : 1));

  const known = await knownFeedback(deps.store, model, predictions, fresh);
  const logged = predictions.map((prediction): LoggedPrediction => {
    const truth = known.get(`${model}\n${prediction.id}`);
    return { ...prediction, truth: truth && { label: truth.label, at: truth.at } };
  });
  return query.withFeedback ? logged.filter((prediction) => prediction.truth) : logged;
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

async function knownFeedback(
  store: ServingStore,
  model: string,
  predictions: readonly PredictionRecord[],
  fresh: readonly LogRecord[],
): Promise<Map<string, FeedbackRecord>> {
  if (predictions.length === 0) return new Map();
  let [first, last] = [predictions[0]!.id, predictions[0]!.id];
  for (const { id } of predictions) {
    if (id < first) first = id;
    if (id > last) last = id;
  }
  const kept = await store.feedback(model, first, last);
  return lastFeedback([...kept, ...fresh.filter((record) => record.kind === "feedback")]);
}

/** Parses only lines that mention the model: journals hold many. */
function parseModel(lines: readonly string[], model: string): LogRecord[] {
  const mention = `"model":${JSON.stringify(model)}`;
  return lines
    .filter((line) => line.includes(mention))
    .map((line) => JSON.parse(line) as LogRecord)
    .filter((record) => record.model === model);
}

function withoutKind({ kind: _, ...record }: LogRecord & { kind: "prediction" }): PredictionRecord {
  return record;
}
