import type { Sql } from "../../../storage/sql/sql.ts";
import { binder } from "../../search/condition.ts";
import {
  aggregationName,
  type MetricQuestion,
  metricStatement,
  TIME_BUCKET,
} from "./trace-metric.ts";

export interface MetricPoint {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number>>;
}

export interface TraceMetrics {
  /** A point for each group, in the order of the groups. */
  measure(question: MetricQuestion): Promise<readonly MetricPoint[]>;
}

export const traceMetrics = (sql: Sql): TraceMetrics => ({
  async measure(question) {
    const parameters: unknown[] = [];
    const statement = metricStatement(question, binder(parameters));
    const rows = await sql.query<Record<string, string | number | null>>(statement, parameters);
    const timed = question.intervalMs !== undefined;
    const names = [...(timed ? [TIME_BUCKET] : []), ...question.dimensions];
    return rows.flatMap((row) => {
      const values = question.aggregations.flatMap((aggregation, i): [string, number][] => {
        const value = row[`v${i}`];
        return typeof value === "number" ? [[aggregationName(aggregation), value]] : [];
      });
      const dimensions = names.map((name, i): [string, string] => {
        const value = String(row[`d${i}`]);
        return [name, name === TIME_BUCKET ? isoTime(Number(value)) : value];
      });
      return values.length === 0
        ? []
        : [{ dimensions: Object.fromEntries(dimensions), values: Object.fromEntries(values) }];
    });
  },
});

/** As Python's isoformat writes it. */
const isoTime = (ms: number): string => new Date(ms).toISOString().replace(/(\.000)?Z$/, "+00:00");
