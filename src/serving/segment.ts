import type { Digest } from "../lib/digest.ts";
import { type Column, numberColumn, stringColumn, type Table } from "../table/table.ts";
import { headName, type TrafficHead } from "./log/traffic-profile.ts";
import type { FeedbackRecord, LogRecord, PredictionRecord, Variant } from "./prediction.ts";

/** What one journal segment became, or what several of those became together. */
export interface ShippedSegment {
  /** Of the journal segment; `cmp_…` when it was made of others. */
  readonly id: string;
  /** Parquet; undefined when the segment held no prediction. */
  readonly data: Digest | undefined;
  /** JSON: the traffic profiles, in the order of `heads`. */
  readonly profile: Digest | undefined;
  readonly rows: number;
  readonly ranges: readonly ModelRange[];
  readonly heads: readonly ProfiledHead[];
}

/** Rows `from..to-1` of the segment's file belong to `model`. Times in milliseconds since 1970. */
export interface ModelRange {
  readonly model: string;
  readonly from: number;
  readonly to: number;
  readonly firstEvent: number;
  readonly lastEvent: number;
  /** Arrival. */
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface ProfiledHead extends TrafficHead {
  readonly rows: number;
  /** Event times, milliseconds since 1970. */
  readonly firstEvent: number;
  readonly lastEvent: number;
}

/** How much was answered in one hour of arrival. */
export interface Volume extends TrafficHead {
  /** Milliseconds since 1970, a whole hour. */
  readonly hour: number;
  readonly rows: number;
  readonly abstained: number;
  /** Sum. */
  readonly latencyMs: number;
}

/** Where rows of one model lie. */
export interface SegmentRange {
  readonly segment: string;
  readonly data: Digest;
  readonly from: number;
  readonly to: number;
  readonly firstEvent: number;
  readonly lastEvent: number;
}

/** The Parquet file of a segment. Times are milliseconds since 1970; `inputs` and `output` are JSON. */
export const LOG_COLUMNS = [
  { name: "id", type: "string" },
  { name: "model", type: "string" },
  { name: "version", type: "string" },
  { name: "variant", type: "string" },
  { name: "at", type: "number" },
  { name: "event_time", type: "number" },
  { name: "key", type: "string" },
  { name: "inputs", type: "string" },
  { name: "output", type: "string" },
  // Null for regression, where it is the output.
  { name: "label", type: "string" },
  { name: "latency_ms", type: "number" },
  // 1, or null. Segments from before there were rules to abstain do not have it.
  { name: "abstained", type: "number" },
  // The attempt that wrote the file: no two have the same bytes, so one that is deleted as unused is never somebody else's.
  { name: "written_by", type: "string" },
] as const;

/** Predictions sorted by model (within one, in the order of the journal), where each model's lie, and the last feedback of each. */
export function arrangeSegment(records: readonly LogRecord[]): {
  readonly predictions: readonly PredictionRecord[];
  readonly ranges: readonly ModelRange[];
  readonly feedback: readonly FeedbackRecord[];
} {
  const byModel = new Map<string, PredictionRecord[]>();
  for (const record of records) {
    if (record.kind !== "prediction") continue;
    const known = byModel.get(record.model);
    if (known === undefined) byModel.set(record.model, [record]);
    else known.push(record);
  }
  const predictions: PredictionRecord[] = [];
  const ranges: ModelRange[] = [];
  for (const model of [...byModel.keys()].sort()) {
    const own = byModel.get(model)!;
    const from = predictions.length;
    for (const prediction of own) predictions.push(prediction);
    ranges.push({ model, from, to: predictions.length, ...spanOf(own) });
  }
  const feedback = records.filter((record) => record.kind === "feedback");
  return { predictions, ranges, feedback: [...lastFeedback(feedback).values()] };
}

/** First and last times, milliseconds since 1970. */
export function spanOf(
  predictions: readonly Pick<PredictionRecord, "eventTime" | "at">[],
): Pick<ModelRange, "firstEvent" | "lastEvent" | "firstAt" | "lastAt"> {
  let [firstEvent, lastEvent] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [firstAt, lastAt] = [firstEvent, lastEvent];
  for (const { eventTime, at } of predictions) {
    firstEvent = Math.min(firstEvent, eventTime);
    lastEvent = Math.max(lastEvent, eventTime);
    firstAt = Math.min(firstAt, at);
    lastAt = Math.max(lastAt, at);
  }
  return { firstEvent, lastEvent, firstAt, lastAt };
}

export function volumesOf(predictions: readonly PredictionRecord[]): Volume[] {
  const volumes = new Map<string, { -readonly [K in keyof Volume]: Volume[K] }>();
  for (const { model, version, variant, at, abstained, latencyMs } of predictions) {
    const hour = Math.floor(at / HOUR) * HOUR;
    const name = `${headName({ model, version, variant })}\n${hour}`;
    const known = volumes.get(name) ?? {
      ...{ model, version, variant, hour, rows: 0, abstained: 0, latencyMs: 0 },
    };
    known.rows += 1;
    known.abstained += abstained ? 1 : 0;
    known.latencyMs += latencyMs;
    volumes.set(name, known);
  }
  return [...volumes.values()];
}

const HOUR = 3_600_000;

/** The feedback that counts, by model and prediction: the last by `at`, of equal ones the last in the list. */
export function lastFeedback(records: Iterable<FeedbackRecord>): Map<string, FeedbackRecord> {
  const last = new Map<string, FeedbackRecord>();
  for (const { id, model, at, label } of records) {
    const name = `${model}\n${id}`;
    const known = last.get(name);
    if (known === undefined || at >= known.at) last.set(name, { id, model, at, label });
  }
  return last;
}

export function segmentTable(predictions: readonly PredictionRecord[], writtenBy = ""): Table {
  const text = (of: (p: PredictionRecord) => string | undefined) =>
    stringColumn(predictions.map(of));
  const number = (of: (p: PredictionRecord) => number) => numberColumn(predictions.map(of));
  const columns: Readonly<Record<(typeof LOG_COLUMNS)[number]["name"], Column>> = {
    id: text((p) => p.id),
    model: text((p) => p.model),
    version: text((p) => p.version),
    variant: text((p) => p.variant),
    at: number((p) => p.at),
    event_time: number((p) => p.eventTime),
    key: text((p) => p.key),
    inputs: text((p) => JSON.stringify(p.inputs)),
    output: text((p) => JSON.stringify(p.output)),
    label: text((p) => (typeof p.label === "string" ? p.label : undefined)),
    latency_ms: number((p) => p.latencyMs),
    abstained: number((p) => (p.abstained ? 1 : Number.NaN)),
    written_by: text(() => writtenBy),
  };
  return { rows: predictions.length, columns: new Map(Object.entries(columns)) };
}

/** What decides whether a record is wanted. `label` is undefined for regression, where it is the output. */
export type RecordHead = Pick<
  PredictionRecord,
  "id" | "model" | "version" | "variant" | "at" | "eventTime" | "key" | "abstained"
> & { readonly label: string | undefined };

/** The columns of `RecordHead`: reading them costs a fraction of reading whole records. */
export const HEAD_COLUMNS = LOG_COLUMNS.map(({ name }) => name).filter(
  (name) => !["inputs", "output", "latency_ms", "written_by"].includes(name),
);

/** The heads of a table with `HEAD_COLUMNS`, or more. */
export function tableHeads(table: Table): (row: number) => RecordHead {
  const text = (name: string) => textOf(table, name);
  const number = (name: string) => numberOf(table, name);
  const [id, model, version, variant] = [
    text("id"),
    text("model"),
    text("version"),
    text("variant"),
  ];
  const [key, label] = [text("key"), text("label")];
  const [at, eventTime] = [number("at"), number("event_time")];
  const abstained = table.columns.has("abstained") ? number("abstained") : () => Number.NaN;
  return (i) => ({
    id: id(i)!,
    model: model(i)!,
    version: version(i) as Digest,
    variant: variant(i) as Variant,
    at: at(i),
    eventTime: eventTime(i),
    key: key(i),
    label: label(i),
    ...(abstained(i) === 1 ? { abstained: true } : {}),
  });
}

/** The inverse of `segmentTable`, of the rows that `wanted` says. */
export function tableRecords(
  table: Table,
  wanted: (head: RecordHead) => boolean,
): PredictionRecord[] {
  const [inputs, output] = [textOf(table, "inputs"), textOf(table, "output")];
  const latencyMs = numberOf(table, "latency_ms");
  const heads = tableHeads(table);
  const records: PredictionRecord[] = [];
  for (let i = 0; i < table.rows; i++) {
    const head = heads(i);
    if (!wanted(head)) continue;
    const values = JSON.parse(output(i)!) as number[];
    records.push({
      ...head,
      inputs: JSON.parse(inputs(i)!) as PredictionRecord["inputs"],
      output: values,
      label: head.label ?? values[0]!,
      latencyMs: latencyMs(i),
    });
  }
  return records;
}

/** The head of a record that is in memory. */
export const headOf = ({ label, ...record }: PredictionRecord): RecordHead => ({
  ...record,
  label: typeof label === "string" ? label : undefined,
});

function textOf(table: Table, name: string): (row: number) => string | undefined {
  const column = table.columns.get(name);
  if (column?.type !== "string") throw new TypeError(`column ${name} of a segment is no text`);
  return (i) => column.dictionary[column.codes[i]!];
}

function numberOf(table: Table, name: string): (row: number) => number {
  const column = table.columns.get(name);
  if (column === undefined || column.type === "string")
    throw new TypeError(`column ${name} of a segment is no number`);
  return (i) => column.values[i]!;
}
