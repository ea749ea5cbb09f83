import type { Graph } from "../../onnx/graph.ts";
import { ELEMENT } from "../../onnx/schema.ts";
import { asNumbers } from "../../table/cast.ts";
import type { Table } from "../../table/table.ts";
import {
  type Block,
  concat,
  type EmittedBlock,
  type EncodedBlock,
  type FittedBlock,
  type Training,
} from "./block.ts";
import {
  type EmittedParts,
  emitParts,
  type Parts,
  partsOf,
  seasonal,
  spanOf,
  timeColumns,
  varies,
  WEEKDAYS,
  YEAR,
} from "./times.ts";

const HOURS = 24;
/** With less data than this, trend and season cannot be told apart, and a trend goes astray for ever. */
const TREND_YEARS = 2;
/** The trend stops this share of the training span after the last training row. */
const TREND_BEYOND = 0.25;
/** Rows per hour of the week that are enough to learn 168 of them. */
const ROWS_PER_HOUR = 10;
const HARMONICS = ["year sin", "year cos", "half-year sin", "half-year cos"] as const;

/** A group of ids of the bag of one time column: id = first + value of the part. */
interface Group {
  readonly part: "hour" | "weekday" | "month" | "hour of week";
  readonly first: number;
}

interface Cycle {
  readonly name: string;
  readonly groups: readonly Group[];
  readonly size: number;
  /** Has a year of data: yearly harmonics. */
  readonly yearly: boolean;
  readonly trend:
    | {
        readonly mean: number;
        readonly inverse: number;
        readonly from: number;
        readonly to: number;
      }
    | undefined;
}

/** For linear models and networks: a bag of hour, weekday, month and hour of the week; yearly harmonics; perhaps a trend. */
export function timeCycles(names: readonly string[], training: Training): FittedBlock {
  const cycles = names.map((name) => cycleOf(name, training));
  const block: Block = {
    columns: timeColumns(names),
    names: cycles.flatMap((cycle) => denseNames(cycle)),
    encode: (table) => encodeCycles(table, cycles),
    emit: (graph) => emitCycles(graph, cycles),
  };
  return { block, encoded: block.encode(training.table) };
}

const denseNames = ({ name, yearly, trend }: Cycle): string[] => [
  ...(yearly ? HARMONICS.map((h) => `${name}:${h}`) : []),
  ...(trend ? [`${name}:trend`] : []),
];

function cycleOf(name: string, { table, task }: Training): Cycle {
  const seconds = asNumbers(table.columns.get(name), table.rows);
  const parts = partsOf(seconds);
  const { from, to } = spanOf(seconds);
  const span = to - from;
  const season = seasonal(span, task);
  const groups: Group[] = [];
  let size = 1;
  const add = (part: Group["part"], values: number) => {
    groups.push({ part, first: size });
    size += values;
  };
  if (varies(parts.hour)) add("hour", HOURS);
  if (varies(parts.weekday)) add("weekday", WEEKDAYS);
  if (season && varies(parts.calendar.month)) add("month", 13);
  const dense = table.rows >= ROWS_PER_HOUR * HOURS * WEEKDAYS;
  if (dense && varies(parts.hour) && varies(parts.weekday)) add("hour of week", HOURS * WEEKDAYS);
  const present = seconds.filter((s) => Number.isFinite(s));
  const mean = present.reduce((sum, s) => sum + s / present.length, 0);
  const variance = present.reduce((sum, s) => sum + (s - mean) ** 2 / present.length, 0);
  const trending = task === "regression" && span >= TREND_YEARS * YEAR * 0.98;
  return {
    name,
    groups,
    size,
    yearly: season,
    trend: trending
      ? { mean, inverse: 1 / Math.sqrt(variance), from, to: to + TREND_BEYOND * span }
      : undefined,
  };
}

function groupValue(parts: Parts, part: Group["part"], i: number): number {
  if (part === "month") return parts.calendar.month[i]!;
  if (part === "hour of week") return parts.weekday[i]! * HOURS + parts.hour[i]!;
  return parts[part][i]!;
}

function encodeCycles(table: Table, cycles: readonly Cycle[]): EncodedBlock {
  const { rows } = table;
  const width = cycles.reduce((sum, cycle) => sum + denseNames(cycle).length, 0);
  const dense = new Float32Array(rows * width);
  let at = 0;
  const bags = cycles.flatMap((cycle) => {
    const { name, groups, size, yearly, trend } = cycle;
    const seconds = asNumbers(table.columns.get(name), rows);
    const parts = partsOf(seconds);
    const k = groups.length;
    const ids = new Uint32Array(rows * k);
    for (let i = 0; i < rows; i++) {
      const known = Number.isFinite(seconds[i]!);
      groups.forEach(({ part, first }, g) => {
        ids[i * k + g] = known ? first + groupValue(parts, part, i) : 0;
      });
      let to = i * width + at;
      if (yearly) for (const h of HARMONICS) dense[to++] = known ? parts.calendar[h][i]! : 0;
      if (trend && known)
        dense[to] =
          (Math.max(trend.from, Math.min(trend.to, seconds[i]!)) - trend.mean) * trend.inverse;
    }
    at += denseNames(cycle).length;
    if (k === 0) return [];
    const offsets = Uint32Array.from({ length: rows + 1 }, (_, i) => i * k);
    return [{ name, size, offsets, ids, values: new Float32Array(rows * k).fill(1) }];
  });
  return { dense, bags };
}

function emitCycles(graph: Graph, cycles: readonly Cycle[]): EmittedBlock {
  const dense: string[] = [];
  const bags = cycles.flatMap((cycle) => {
    const { name, groups, size, yearly, trend } = cycle;
    const number = (value: number) => graph.constant("float64", [], [value]);
    const time = graph.input(name, "float64", ["N", 1]);
    const parts = emitParts(graph, time);
    const zero = graph.constant("float32", [], [0]);
    if (yearly) dense.push(graph.node("Where", [parts.missing, zero, parts.calendar(HARMONICS)]));
    if (trend) {
      const within = graph.node("Min", [
        graph.node("Max", [time, number(trend.from)]),
        number(trend.to),
      ]);
      const scaled = graph.node("Mul", [
        graph.node("Sub", [within, number(trend.mean)]),
        number(trend.inverse),
      ]);
      const single = graph.node("Cast", [scaled], { to: ELEMENT.float32 });
      dense.push(graph.node("Where", [parts.missing, zero, single]));
    }
    return groups.length === 0 ? [] : [{ ...emitBag(graph, parts, groups), size }];
  });
  return dense.length === 0 ? { bags } : { dense: concat(graph, dense), bags };
}

function emitBag(graph: Graph, parts: EmittedParts, groups: readonly Group[]) {
  const double = (name: string) => graph.node("Cast", [name], { to: ELEMENT.float64 });
  const values = groups.map(({ part }) => {
    if (part === "month") return double(parts.calendar(["month"]));
    if (part !== "hour of week") return parts[part];
    const day = graph.node("Mul", [parts.weekday, graph.constant("float64", [], [HOURS])]);
    return graph.node("Add", [day, parts.hour]);
  });
  const first = graph.constant(
    "float64",
    [1, groups.length],
    groups.map((g) => g.first),
  );
  const known = graph.node("Add", [concat(graph, values), first]);
  const ids = graph.node("Where", [parts.missing, graph.constant("float64", [], [0]), known]);
  const whole = graph.node("Cast", [ids], { to: ELEMENT.int64 });
  const ones = graph.node("Cast", [graph.node("Equal", [whole, whole])], { to: ELEMENT.float32 });
  return { ids: whole, values: ones };
}
