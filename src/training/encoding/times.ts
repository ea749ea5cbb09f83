import type { Task } from "../../lib/task.ts";
import type { Graph } from "../../onnx/graph.ts";
import { ELEMENT } from "../../onnx/schema.ts";
import { asNumbers } from "../../table/cast.ts";
import type { Table } from "../../table/table.ts";
import { type Block, concat, type FittedBlock, type Training } from "./block.ts";
import { CALENDAR, CALENDAR_CYCLE, type CalendarColumn, calendarDay } from "./calendar.ts";

export const DAY = 86_400;
export const YEAR = 365.25 * DAY;
export const WEEKDAYS = 7;

export const timeColumns = (names: readonly string[]) =>
  names.map((name) => ({ name, role: "time" }) as const);

/** The parts of times, NaN where the time is missing. */
export interface Parts {
  readonly hour: Float32Array;
  /** 0 = Monday. */
  readonly weekday: Float32Array;
  readonly calendar: Readonly<Record<CalendarColumn, Float32Array>>;
}

/** Mirrors `emitParts` operation by operation. */
export function partsOf(seconds: Float64Array): Parts {
  const columns = Object.keys(CALENDAR) as CalendarColumn[];
  const empty = () => new Float32Array(seconds.length).fill(Number.NaN);
  const parts = {
    hour: empty(),
    weekday: empty(),
    calendar: Object.fromEntries(columns.map((c) => [c, empty()])) as Parts["calendar"],
  };
  for (let i = 0; i < seconds.length; i++) {
    const time = seconds[i]!;
    if (!Number.isFinite(time)) continue;
    const days = Math.floor(time / DAY);
    parts.hour[i] = Math.floor((time - days * DAY) / 3600);
    parts.weekday[i] = days + 3 - WEEKDAYS * Math.floor((days + 3) / WEEKDAYS);
    const day = calendarDay(days);
    for (const c of columns) parts.calendar[c][i] = CALENDAR[c][day]!;
  }
  return parts;
}

export const varies = (values: Float32Array): boolean => {
  const present = values.filter((v) => !Number.isNaN(v));
  return present.some((v) => v !== present[0]);
};

/** First and last time, in seconds; 0 and 0 when there is none. */
export function spanOf(seconds: Float64Array): { readonly from: number; readonly to: number } {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const s of seconds) {
    if (!Number.isFinite(s)) continue;
    from = Math.min(from, s);
    to = Math.max(to, s);
  }
  return from <= to ? { from, to } : { from: 0, to: 0 };
}

/**
 * Is the data long enough to learn from the time of the year? Amounts have seasons, and one year shows them. Classes rarely do:
 * in less than two years the month mostly says when the data was collected (on 14 months of mail it cost 0.02 AUC).
 */
export const seasonal = (span: number, task: Task): boolean =>
  span >= (task === "regression" ? 0.9 : 1.9) * YEAR;

/** Parts in the graph. `hour`, `weekday`: float64 [N,1], NaN = missing; `calendar`: float32 [N, columns], day 0 where missing. */
export interface EmittedParts {
  readonly missing: string;
  readonly hour: string;
  readonly weekday: string;
  calendar(columns: readonly CalendarColumn[]): string;
}

/** @param time float64 [N,1], seconds since 1970. */
export function emitParts(graph: Graph, time: string): EmittedParts {
  const number = (value: number) => graph.constant("float64", [], [value]);
  const floorOver = (value: string, by: number) =>
    graph.node("Floor", [graph.node("Div", [value, number(by)])]);
  const rest = (value: string, by: number) =>
    graph.node("Sub", [value, graph.node("Mul", [floorOver(value, by), number(by)])]);
  const days = floorOver(time, DAY);
  const inDay = rest(time, DAY);
  return {
    missing: graph.node("IsNaN", [inDay]),
    hour: floorOver(inDay, 3600),
    weekday: rest(graph.node("Add", [days, number(3)]), WEEKDAYS),
    calendar(columns) {
      const day = rest(days, CALENDAR_CYCLE);
      const known = graph.node("Where", [graph.node("IsNaN", [day]), number(0), day]);
      const index = graph.node("Reshape", [
        graph.node("Cast", [known], { to: ELEMENT.int64 }),
        graph.constant("int64", [1], [-1]),
      ]);
      const rows = new Float32Array(CALENDAR_CYCLE * columns.length);
      for (let d = 0; d < CALENDAR_CYCLE; d++)
        columns.forEach((c, j) => {
          rows[d * columns.length + j] = CALENDAR[c][d]!;
        });
      const shape = [CALENDAR_CYCLE, columns.length];
      return graph.node("Gather", [graph.constant("float32", shape, rows), index]);
    },
  };
}

const CLOCK = ["hour", "weekday"] as const;
const DATE = ["month", "day", "day of year"] as const;
type Part = (typeof CLOCK)[number] | (typeof DATE)[number];

const isClock = (part: Part): part is (typeof CLOCK)[number] =>
  part === "hour" || part === "weekday";
const valuesOf = (parts: Parts, part: Part): Float32Array =>
  isClock(part) ? parts[part] : parts.calendar[part];

/**
 * For trees: hour, weekday, day, and where there are seasons month and day of the year, as far as they vary; NaN = missing. The absolute time is left out:
 * every row to come lies beyond the last split.
 */
export function timeParts(names: readonly string[], training: Training): FittedBlock {
  const read = (table: Table, name: string) =>
    partsOf(asNumbers(table.columns.get(name), table.rows));
  const columns = names.map((name) => {
    const seconds = asNumbers(training.table.columns.get(name), training.table.rows);
    const parts = partsOf(seconds);
    const { from, to } = spanOf(seconds);
    const season = seasonal(to - from, training.task);
    const kept = [...CLOCK, ...DATE].filter(
      (part) =>
        varies(valuesOf(parts, part)) && (season || (part !== "month" && part !== "day of year")),
    );
    return { name, kept };
  });
  const width = columns.reduce((sum, { kept }) => sum + kept.length, 0);
  const block: Block = {
    columns: timeColumns(names),
    names: columns.flatMap(({ name, kept }) => kept.map((part) => `${name}:${part}`)),
    encode(table) {
      const dense = new Float32Array(table.rows * width);
      let at = 0;
      for (const { name, kept } of columns) {
        const parts = read(table, name);
        for (const part of kept) {
          const values = valuesOf(parts, part);
          for (let i = 0; i < table.rows; i++) dense[i * width + at] = values[i]!;
          at++;
        }
      }
      return { dense, bags: [] };
    },
    emit(graph) {
      const pieces = columns.flatMap(({ name, kept }) => {
        const parts = emitParts(graph, graph.input(name, "float64", ["N", 1]));
        const clock = kept.filter(isClock).map((part) => parts[part]);
        const date = kept.filter((part) => !isClock(part));
        const made: string[] = [];
        if (clock.length > 0)
          made.push(graph.node("Cast", [concat(graph, clock)], { to: ELEMENT.float32 }));
        if (date.length > 0) {
          const nan = graph.constant("float32", [], [Number.NaN]);
          made.push(graph.node("Where", [parts.missing, nan, parts.calendar(date)]));
        }
        return made;
      });
      return pieces.length === 0 ? { bags: [] } : { dense: concat(graph, pieces), bags: [] };
    },
  };
  return { block, encoded: block.encode(training.table) };
}
