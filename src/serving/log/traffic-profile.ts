import type { Digest } from "../../lib/digest.ts";
import {
  type DistinctSketch,
  distinctSketchOf,
  hashText,
  mergeDistinct,
} from "../../stats/distinct-sketch.ts";
import {
  type FrequentValues,
  frequentValuesOf,
  mergeFrequentValues,
} from "../../stats/frequent-values.ts";
import {
  mergeColumnProfiles,
  type NumberProfile,
  profileColumn,
  type StringProfile,
} from "../../stats/profile.ts";
import { numberColumn, stringColumn } from "../../table/table.ts";
import type { PredictionRecord, Variant } from "../prediction.ts";

/**
 * What is known of many predictions without their rows: mergeable in any order, bounded, plain JSON. A segment of the log has one per
 * model, version and variant, so that the profile of a window is a sum. Quantiles are off by at most 2 % of rank (KLL at k = 256),
 * distinct counts by 2.3 % (one standard error), frequent values by their own `missed`; everything else is exact.
 */
export interface TrafficProfile {
  readonly rows: number;
  readonly abstained: number;
  /** Event times, milliseconds since 1970; 0 when there are no rows. */
  readonly firstEvent: number;
  readonly lastEvent: number;
  /** The fields of the rows as callers sent them, at most `MOST_FIELDS`, the first by name. Missing: rows − numbers − texts. */
  readonly inputs: Readonly<Record<string, FieldProfile>>;
  /** One per number of the output, at most `MOST_OUTPUTS`. */
  readonly outputs: readonly NumberProfile[];
  /** What the model leaned to. Empty for regression, where that is the output. */
  readonly labels: FrequentValues;
  readonly keys: DistinctSketch;
  readonly latencyMs: NumberProfile;
}

/** A field may come as a number from one caller and as text from another. Booleans count as 0 and 1. */
export interface FieldProfile {
  readonly numbers?: NumberProfile;
  readonly texts?: StringProfile;
}

/** Whose profile it is. */
export interface TrafficHead {
  readonly model: string;
  readonly version: Digest;
  readonly variant: Variant;
}

const MOST_FIELDS = 1000;
const MOST_OUTPUTS = 32;
const SKETCH_SIZE = 256;

const numbersOf = (values: ArrayLike<number>): NumberProfile =>
  profileColumn(numberColumn(values), SKETCH_SIZE) as NumberProfile;
const textsOf = (values: readonly string[]): StringProfile =>
  profileColumn(stringColumn(values), SKETCH_SIZE) as StringProfile;

export function profileTraffic(records: readonly PredictionRecord[]): TrafficProfile {
  const numbers = new Map<string, number[]>();
  const texts = new Map<string, string[]>();
  const labels = new Map<string, number>();
  let [firstEvent, lastEvent, abstained] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  let width = 0;
  for (const record of records) {
    firstEvent = Math.min(firstEvent, record.eventTime);
    lastEvent = Math.max(lastEvent, record.eventTime);
    width = Math.max(width, record.output.length);
    if (record.abstained) abstained += 1;
    if (typeof record.label === "string")
      labels.set(record.label, (labels.get(record.label) ?? 0) + 1);
    for (const name of Object.keys(record.inputs)) {
      const value = record.inputs[name];
      if (typeof value === "string") push(texts, name, value);
      else if (typeof value === "number") push(numbers, name, value);
      else if (typeof value === "boolean") push(numbers, name, value ? 1 : 0);
    }
  }
  const names = [...new Set([...numbers.keys(), ...texts.keys()])].sort().slice(0, MOST_FIELDS);
  return {
    rows: records.length,
    abstained,
    firstEvent: records.length === 0 ? 0 : firstEvent,
    lastEvent: records.length === 0 ? 0 : lastEvent,
    inputs: Object.fromEntries(
      names.map((name): [string, FieldProfile] => {
        const [n, t] = [numbers.get(name), texts.get(name)];
        return [name, { ...(n && { numbers: numbersOf(n) }), ...(t && { texts: textsOf(t) }) }];
      }),
    ),
    outputs: Array.from({ length: Math.min(width, MOST_OUTPUTS) }, (_, i) =>
      numbersOf(records.flatMap(({ output }) => output[i] ?? [])),
    ),
    labels: frequentValuesOf(labels),
    keys: distinctSketchOf(keyHashes(records)),
    latencyMs: numbersOf(records.map((record) => record.latencyMs)),
  };
}

export function mergeTraffic(a: TrafficProfile, b: TrafficProfile): TrafficProfile {
  if (a.rows === 0) return b;
  if (b.rows === 0) return a;
  const names = [...new Set([...Object.keys(a.inputs), ...Object.keys(b.inputs)])].sort();
  return {
    rows: a.rows + b.rows,
    abstained: a.abstained + b.abstained,
    firstEvent: Math.min(a.firstEvent, b.firstEvent),
    lastEvent: Math.max(a.lastEvent, b.lastEvent),
    inputs: Object.fromEntries(
      names.slice(0, MOST_FIELDS).map((name): [string, FieldProfile] => {
        const [one, other] = [a.inputs[name], b.inputs[name]];
        const numbers = together(one?.numbers, other?.numbers);
        const texts = together(one?.texts, other?.texts);
        return [name, { ...(numbers && { numbers }), ...(texts && { texts }) }];
      }),
    ),
    outputs: Array.from(
      { length: Math.max(a.outputs.length, b.outputs.length) },
      (_, i) => together(a.outputs[i], b.outputs[i])!,
    ),
    labels: mergeFrequentValues(a.labels, b.labels),
    keys: mergeDistinct(a.keys, b.keys),
    latencyMs: mergeColumnProfiles(a.latencyMs, b.latencyMs) as NumberProfile,
  };
}

/** One profile per model, version and variant, in the order of their first record. */
export function profileByHead(
  records: readonly PredictionRecord[],
): (TrafficHead & { readonly profile: TrafficProfile })[] {
  const groups = new Map<string, PredictionRecord[]>();
  for (const record of records) push(groups, headName(record), record);
  return [...groups.values()].map((group) => {
    const { model, version, variant } = group[0]!;
    return { model, version, variant, profile: profileTraffic(group) };
  });
}

export const headName = ({ model, version, variant }: TrafficHead): string =>
  `${model}\n${version}\n${variant}`;

function push<T>(lists: Map<string, T[]>, name: string, value: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}

function together<P extends NumberProfile | StringProfile>(
  a: P | undefined,
  b: P | undefined,
): P | undefined {
  return a === undefined || b === undefined ? (a ?? b) : (mergeColumnProfiles(a, b) as P);
}

function* keyHashes(records: readonly PredictionRecord[]) {
  for (const { key } of records) if (key !== undefined) yield hashText(key);
}
