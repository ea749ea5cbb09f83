import { invalidParameter } from "../../mlflow/errors.ts";
import { type Bind, condition } from "../../search/condition.ts";
import type { Clause, KeyRule, SearchKind } from "../../search/kind.ts";
import { TOKEN_USAGE, TRACE_NAME } from "../trace.ts";
import { traceConditions } from "../trace-filter.ts";

export const VIEWS = ["TRACES", "SPANS", "ASSESSMENTS"] as const;
export type View = (typeof VIEWS)[number];

export const AGGREGATIONS = ["COUNT", "SUM", "AVG", "PERCENTILE", "MIN", "MAX"] as const;

export interface Aggregation {
  readonly type: (typeof AGGREGATIONS)[number];
  /** 0 to 100, of PERCENTILE only. */
  readonly percentile: number | undefined;
}

/** What is counted or measured, over what, in which groups. */
export interface MetricQuestion {
  readonly experiments: readonly string[];
  readonly view: View;
  readonly metric: string;
  readonly aggregations: readonly Aggregation[];
  readonly dimensions: readonly string[];
  readonly clauses: readonly Clause[];
  /** Groups by time as well. */
  readonly intervalMs: number | undefined;
  /** Of the traces; inclusive. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly limit: number;
  readonly offset: number;
}

interface ViewRule {
  readonly source: string;
  readonly time: string;
  readonly metrics: Readonly<Record<string, string>>;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A number in the JSON text that metadata keeps; whatever else is there is none. */
const tokens = (name: string): string =>
  `substring(coalesce(t.told_metadata ->> '${TOKEN_USAGE}', t.span_metadata ->> '${TOKEN_USAGE}') from '"${name}"\\s*:\\s*(\\d{1,15})')::float8`;
const TOKENS = ["input_tokens", "output_tokens", "total_tokens"].concat([
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
]);
const COSTS = ["input_cost", "output_cost", "total_cost"];
const attribute = (name: string): string => `(s.body::jsonb -> 'attributes' ->> '${name}')`;

const RULES: Readonly<Record<View, ViewRule>> = {
  TRACES: {
    ...{ source: "millwright.trace t", time: "t.request_time" },
    metrics: {
      trace_count: "t.id",
      latency: "(t.end_time - t.request_time)",
      ...Object.fromEntries(TOKENS.map((name) => [name, tokens(name)])),
    },
    dimensions: { trace_name: `(t.tags ->> '${TRACE_NAME}')`, trace_status: "t.state" },
  },
  SPANS: {
    source: "millwright.trace t join millwright.trace_span s on s.trace = t.id",
    time: "(s.start_ns / 1000000)",
    metrics: {
      span_count: "s.id",
      latency: "((s.end_ns - s.start_ns) / 1000000)",
      ...Object.fromEntries(COSTS.map((name) => [name, `(s.cost ->> '${name}')::float8`])),
    },
    dimensions: {
      ...{ span_name: "s.name", span_type: "s.type", span_status: "s.status" },
      span_model_name: attribute("mlflow.llm.model"),
      span_model_provider: attribute("mlflow.llm.provider"),
    },
  },
  ASSESSMENTS: {
    source: "millwright.trace t join millwright.assessment a on a.trace = t.id",
    time: "a.created_at",
    metrics: {
      assessment_count: "a.id",
      // Judges say yes and no.
      assessment_value: `(case when a.value::text in ('true', '"yes"') then 1 when a.value::text in ('false', '"no"') then 0
        when json_typeof(a.value) = 'number' then (a.value #>> '{}')::float8 end)`,
    },
    dimensions: { assessment_name: "a.name", assessment_value: "a.value::text" },
  },
};

const equal: KeyRule = { value: "text", operators: ["=", "!=", "IN"], orderable: false };

/** `trace.status`, `trace.tag.k`, `trace.metadata.k`, `span.name`, `assessment.name`, … */
export const METRIC_FILTERS: SearchKind = {
  name: "trace metrics",
  entities: [
    {
      ...{ entity: "trace", prefixes: ["trace"], keys: { status: equal } },
      open: { prefix: "", rule: equal },
    },
    { entity: "span", prefixes: ["span"], keys: { name: equal, status: equal, type: equal } },
    { entity: "assessment", prefixes: ["assessment"], keys: { name: equal, type: equal } },
  ],
};

/** MLflow's name of a value: `COUNT`, `P99.0`. */
export const aggregationName = ({ type, percentile }: Aggregation): string =>
  type === "PERCENTILE"
    ? `P${Number.isInteger(percentile) ? percentile!.toFixed(1) : percentile}`
    : type;

export const TIME_BUCKET = "time_bucket";

/** Throws INVALID_PARAMETER_VALUE for what the view cannot measure, aggregate or group by. Columns: d0 …, then v0 …. */
export function metricStatement(question: MetricQuestion, bind: Bind): string {
  const rule = RULES[question.view];
  const column = named("metric_name", rule.metrics, question.metric);
  const interval = question.intervalMs === undefined ? "" : `${bind(question.intervalMs)}::bigint`;
  const groups = [
    ...(interval === "" ? [] : [`(${rule.time} / ${interval} * ${interval})::text`]),
    ...question.dimensions.map((name) => named("dimensions", rule.dimensions, name)),
  ];
  const counts = question.metric.endsWith("_count");
  const values = question.aggregations.map((aggregation) =>
    aggregated(aggregation, column, counts),
  );
  const conditions = [
    `t.experiment = any(${bind(question.experiments)}::bigint[])`,
    ...(question.from === undefined ? [] : [`t.request_time >= ${bind(question.from)}::bigint`]),
    ...(question.to === undefined ? [] : [`t.request_time <= ${bind(question.to)}::bigint`]),
    ...question.clauses.map((clause) => filterCondition(clause, question.view, bind)),
    ...question.dimensions.map((name) => `${rule.dimensions[name]} is not null`),
    `${column} is not null`,
  ];
  const grouped = groups.map((_, i) => i + 1).join(", ");
  return `select ${[...groups.map((sql, i) => `${sql} as d${i}`), ...values.map((sql, i) => `${sql} as v${i}`)].join(", ")}
    from ${rule.source} where ${conditions.join(" and ")}
    ${grouped === "" ? "" : `group by ${grouped} order by ${grouped}`} limit ${bind(question.limit)} offset ${bind(question.offset)}`;
}

function named(field: string, of: Readonly<Record<string, string>>, name: string): string {
  if (Object.hasOwn(of, name)) return of[name]!;
  throw invalidParameter(
    `${field} must be one of ${Object.keys(of).join(", ")}, got '${name.slice(0, 100)}'`,
  );
}

function aggregated({ type, percentile }: Aggregation, column: string, counts: boolean): string {
  if (counts !== (type === "COUNT"))
    throw invalidParameter(
      `Found invalid aggregation_type(s): '${type}'. Supported aggregation types: ${counts ? "COUNT" : AGGREGATIONS.slice(1).join(", ")}`,
    );
  if (type !== "PERCENTILE") return `${type.toLowerCase()}(${column})::float8`;
  if (percentile === undefined || !(percentile >= 0 && percentile <= 100))
    throw invalidParameter(`percentile_value must be between 0 and 100, got ${percentile}`);
  return `percentile_cont(${percentile / 100}) within group (order by ${column})::float8`;
}

function filterCondition(clause: Clause, view: View, bind: Bind): string {
  const { entity, key } = clause;
  if (entity === "trace") return traceConditions([traceClause(clause)], bind)[0]!;
  if (
    (entity === "span") !== (view === "SPANS") ||
    (entity === "assessment") !== (view === "ASSESSMENTS")
  )
    throw invalidParameter(`Filtering by ${entity} is not possible in the view ${view}.`);
  const alias = entity === "span" ? "s" : "a";
  return condition(
    `${alias}.${entity === "assessment" && key === "type" ? "kind" : key}`,
    clause,
    "text",
    bind,
  );
}

/** In the words of a search for traces. */
function traceClause(clause: Clause): Clause {
  if (clause.key === "status") return { ...clause, entity: "attribute" };
  const [, entity, key] = /^(tag|metadata)\.(.+)$/s.exec(clause.key) ?? [];
  if (entity !== undefined) return { ...clause, entity, key: key! };
  throw invalidParameter(
    `Invalid filter 'trace.${clause.key.slice(0, 100)}': give trace.status, trace.tag.<key> or trace.metadata.<key>.`,
  );
}
