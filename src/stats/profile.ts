import { MillwrightError } from "../errors.ts";
import type { Column, StringColumn, Table } from "../table/table.ts";
import {
  type DistinctSketch,
  distinctNumbers,
  distinctSketchOf,
  hashText,
  mergeDistinct,
} from "./distinct-sketch.ts";
import { type FrequentValues, frequentValuesOf, mergeFrequentValues } from "./frequent-values.ts";
import { type Moments, mergeMoments, momentsOf } from "./moments.ts";
import { mergeQuantileSketches, type QuantileSketch, quantileSketchOf } from "./quantile-sketch.ts";

/**
 * What is known of a column without its rows: mergeable, bounded (about 40 KB of JSON at most), deterministic. The profile of two
 * batches is the merge of their profiles, so windows are sums and nothing is read twice. Plain JSON values throughout.
 */
export type ColumnProfile = NumberProfile | StringProfile;

export interface NumberProfile {
  readonly type: "number" | "time";
  readonly rows: number;
  readonly missing: number;
  /** NaN is missing; infinities are counted here and in no other statistic. */
  readonly infinite: number;
  readonly moments: Moments;
  readonly quantiles: QuantileSketch;
  readonly distinct: DistinctSketch;
}

export interface StringProfile {
  readonly type: "string";
  readonly rows: number;
  readonly missing: number;
  /** Length in characters (UTF-16 units). */
  readonly lengths: Moments;
  readonly lengthQuantiles: QuantileSketch;
  readonly distinct: DistinctSketch;
  readonly values: FrequentValues;
}

export interface Profile {
  readonly rows: number;
  readonly columns: Readonly<Record<string, ColumnProfile>>;
}

export function profileTable(table: Table): Profile {
  const columns = [...table.columns].map(
    ([name, column]) => [name, profileColumn(column)] as const,
  );
  return { rows: table.rows, columns: Object.fromEntries(columns) };
}

/** @param k size of the quantile sketch: 1,000 when left out. Profiles merge at the smaller one. */
export function profileColumn(column: Column, k?: number): ColumnProfile {
  if (column.type === "string") return profileStrings(column, k);
  const { type, values } = column;
  let missing = 0;
  let infinite = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (Number.isNaN(x)) missing += 1;
    else if (!Number.isFinite(x)) infinite += 1;
  }
  return {
    type,
    rows: values.length,
    missing,
    infinite,
    moments: momentsOf(values),
    quantiles: quantileSketchOf(values, k),
    distinct: distinctNumbers(values),
  };
}

function profileStrings(column: StringColumn, k?: number): StringProfile {
  const { codes, dictionary } = column;
  const counts = new Float64Array(dictionary.length);
  const lengths = new Float64Array(codes.length);
  let missing = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    lengths[i] = code < 0 ? Number.NaN : dictionary[code]!.length;
    if (code < 0) missing += 1;
    else counts[code] = counts[code]! + 1;
  }
  const used = new Map<string, number>();
  for (const [code, value] of dictionary.entries())
    if (counts[code]! > 0) used.set(value, counts[code]!);
  return {
    type: "string",
    rows: codes.length,
    missing,
    lengths: momentsOf(lengths),
    lengthQuantiles: quantileSketchOf(lengths, k),
    distinct: distinctSketchOf(
      (function* () {
        for (const value of used.keys()) yield hashText(value);
      })(),
    ),
    values: frequentValuesOf(used),
  };
}

/** Profile of both batches together. The columns must be of one type. */
export function mergeColumnProfiles(a: ColumnProfile, b: ColumnProfile): ColumnProfile {
  const sums = { rows: a.rows + b.rows, missing: a.missing + b.missing };
  const distinct = mergeDistinct(a.distinct, b.distinct);
  if (a.type === "string" && b.type === "string")
    return {
      type: "string",
      ...sums,
      lengths: mergeMoments(a.lengths, b.lengths),
      lengthQuantiles: mergeQuantileSketches(a.lengthQuantiles, b.lengthQuantiles),
      distinct,
      values: mergeFrequentValues(a.values, b.values),
    };
  if (a.type === "string" || b.type === "string" || a.type !== b.type)
    throw new MillwrightError(
      "invalid_data",
      `cannot merge a profile of type "${a.type}" with one of type "${b.type}": read the column with one type in both batches`,
    );
  return {
    type: a.type,
    ...sums,
    infinite: a.infinite + b.infinite,
    moments: mergeMoments(a.moments, b.moments),
    quantiles: mergeQuantileSketches(a.quantiles, b.quantiles),
    distinct,
  };
}

/** A column that one batch lacks counts as missing in all of that batch's rows. */
export function mergeProfiles(a: Profile, b: Profile): Profile {
  const columns: Record<string, ColumnProfile> = {};
  for (const name of new Set([...Object.keys(a.columns), ...Object.keys(b.columns)])) {
    const [ca, cb] = [a.columns[name], b.columns[name]];
    if (ca !== undefined && cb !== undefined) columns[name] = mergeColumnProfiles(ca, cb);
    else columns[name] = withMissing((ca ?? cb)!, ca === undefined ? a.rows : b.rows);
  }
  return { rows: a.rows + b.rows, columns };
}

const withMissing = (profile: ColumnProfile, rows: number): ColumnProfile => ({
  ...profile,
  rows: profile.rows + rows,
  missing: profile.missing + rows,
});
