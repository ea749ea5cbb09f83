import type { Digest } from "../lib/digest.ts";
import { type Column, numberColumn, stringColumn, type Table } from "../table/table.ts";
import type { FeedbackRecord, LogRecord, PredictionRecord, Variant } from "./prediction.ts";

/** What one journal segment became. */
export interface ShippedSegment {
  /** Of the journal segment. */
  readonly id: string;
  /** Parquet; undefined when the segment held no prediction. */
  readonly data: Digest | undefined;
  readonly rows: number;
  readonly ranges: readonly ModelRange[];
}

/** Rows `from..to-1` of the segment's file belong to `model`. Event times in milliseconds since 1970. */
export interface ModelRange {
  readonly model: string;
  readonly from: number;
  readonly to: number;
  readonly firstEvent: number;
  readonly lastEvent: number;
}

/** Where rows of one model lie. */
export interface SegmentRange {
  readonly segment: string;
  readonly data: Digest;
  readonly from: number;
  readonly to: number;
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
    const from = predictions.length;
    let [firstEvent, lastEvent] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const prediction of byModel.get(model)!) {
      predictions.push(prediction);
      firstEvent = Math.min(firstEvent, prediction.eventTime);
      lastEvent = Math.max(lastEvent, prediction.eventTime);
    }
    ranges.push({ model, from, to: predictions.length, firstEvent, lastEvent });
  }
  const feedback = records.filter((record) => record.kind === "feedback");
  return { predictions, ranges, feedback: [...lastFeedback(feedback).values()] };
}

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

export function segmentTable(predictions: readonly PredictionRecord[]): Table {
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
  };
  return { rows: predictions.length, columns: new Map(Object.entries(columns)) };
}

/** The inverse of `segmentTable`, of the rows that `wanted` says. */
export function tableRecords(
  table: Table,
  wanted: (head: RecordHead) => boolean,
): PredictionRecord[] {
  const text = (name: string) => {
    const column = table.columns.get(name);
    if (column?.type !== "string") throw new TypeError(`column ${name} of a segment is no text`);
    return (i: number): string | undefined => column.dictionary[column.codes[i]!];
  };
  const number = (name: string) => {
    const column = table.columns.get(name);
    if (column === undefined || column.type === "string")
      throw new TypeError(`column ${name} of a segment is no number`);
    return (i: number): number => column.values[i]!;
  };
  const [id, model, version, variant] = [
    text("id"),
    text("model"),
    text("version"),
    text("variant"),
  ];
  const [key, inputs, output, label] = [text("key"), text("inputs"), text("output"), text("label")];
  const [at, eventTime, latencyMs] = [number("at"), number("event_time"), number("latency_ms")];
  const abstained = table.columns.has("abstained") ? number("abstained") : () => Number.NaN;
  const records: PredictionRecord[] = [];
  for (let i = 0; i < table.rows; i++) {
    const head = {
      model: model(i)!,
      version: version(i) as Digest,
      variant: variant(i) as Variant,
      eventTime: eventTime(i),
    };
    if (!wanted(head)) continue;
    const values = JSON.parse(output(i)!) as number[];
    records.push({
      ...head,
      id: id(i)!,
      at: at(i),
      key: key(i),
      inputs: JSON.parse(inputs(i)!) as PredictionRecord["inputs"],
      output: values,
      label: label(i) ?? values[0]!,
      ...(abstained(i) === 1 ? { abstained: true } : {}),
      latencyMs: latencyMs(i),
    });
  }
  return records;
}

/** What decides whether a record is wanted. */
export type RecordHead = Pick<PredictionRecord, "model" | "version" | "variant" | "eventTime">;
