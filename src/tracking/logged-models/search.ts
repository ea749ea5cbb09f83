import { invalidParameter } from "../mlflow/errors.ts";
import { type Bind, binder, condition } from "../search/condition.ts";
import { behind, orderBy, type Position, type SortColumn } from "../search/keyset.ts";
import type { Clause } from "../search/kind.ts";
import { LOGGED_MODELS } from "../search/kinds.ts";
import { sortedBy } from "../search/page.ts";
import { resolveKey } from "../search/resolve-key.ts";
import type { Statement } from "../search/run-statement.ts";

/** A digest that is not said is any. */
export interface DatasetChoice {
  readonly name: string;
  readonly digest: string | undefined;
}

export interface ModelOrder {
  readonly entity: "attribute" | "metric";
  readonly key: string;
  readonly descending: boolean;
  /** Of a metric: only what was measured on it counts. */
  readonly dataset: DatasetChoice | undefined;
}

export interface ModelSearch {
  readonly experiments: readonly string[];
  readonly clauses: readonly Clause[];
  /** Clauses on metrics mean these; without such clauses, models measured on one of them are searched. */
  readonly datasets: readonly DatasetChoice[];
  readonly order: readonly ModelOrder[];
}

/** An entry of `order_by`, whose fields are an attribute or `metrics.` and a name. */
export function modelOrder(
  field: string,
  descending: boolean,
  dataset: DatasetChoice | undefined,
): ModelOrder {
  const dot = field.indexOf(".");
  if (dot < 0) {
    const part = { text: field.trim(), quote: undefined };
    const { key } = resolveKey([part], LOGGED_MODELS);
    return { entity: "attribute", key, descending, dataset: undefined };
  }
  const entity = field.slice(0, dot);
  if (entity !== "metrics" || dot === field.length - 1)
    throw invalidParameter(
      `Invalid order by field name: ${field.slice(0, 120)}, only attributes and \`metrics.<name>\` are allowed.`,
    );
  return { entity: "metric", key: field.slice(dot + 1), descending, dataset };
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  ...{ name: "l.name", model_id: "l.id", model_type: "l.model_type", status: "l.status" },
  ...{ source_run_id: "l.source_run", creation_timestamp: "l.created_at" },
  last_updated_timestamp: "l.updated_at",
};
const NUMERIC = new Set(["creation_timestamp", "last_updated_timestamp"]);
const NULLABLE = new Set(["model_type", "source_run_id"]);

/** Then newest first, then id. */
export function modelColumnsSorted({ order }: Pick<ModelSearch, "order">): SortColumn[] {
  const columns = order.map(({ entity, key, descending }, i): SortColumn => {
    if (entity === "metric")
      return { sql: `o${i}.value`, type: "double", descending, nullable: true };
    const type = NUMERIC.has(key) ? "integer" : "text";
    return { sql: ATTRIBUTES[key]!, type, descending, nullable: NULLABLE.has(key) };
  });
  if (!order.some(({ key, entity }) => entity === "attribute" && key === "creation_timestamp"))
    columns.push({ sql: "l.created_at", type: "integer", descending: true });
  columns.push({ sql: "l.id", type: "text", descending: false, collated: true });
  return columns;
}

/** The first `limit` models, behind a position: the columns `select` of `l`, and `s0`, `s1`, …. */
export function modelStatement(
  search: ModelSearch,
  { select, position, limit }: { select: string; position: Position | undefined; limit: number },
): Statement {
  const parameters: unknown[] = [];
  const bind = binder(parameters);
  const columns = modelColumnsSorted(search);
  const latest = search.order.flatMap(({ entity, key, dataset }, i) => {
    const datasets = dataset === undefined ? [] : [dataset];
    return entity === "metric"
      ? [`left join lateral (${latestValue(key, datasets, bind)}) o${i} on true`]
      : [];
  });
  const conditions = search.clauses.map((clause) => clauseCondition(clause, search, bind));
  if (search.datasets.length > 0 && !search.clauses.some(({ entity }) => entity === "metric"))
    conditions.push(
      `exists (select from millwright.logged_model_metric v where v.model = l.id${onDatasets(search.datasets, bind)})`,
    );
  if (position !== undefined) conditions.push(behind(columns, position, bind));
  const found = [
    `select l.id, ${sortedBy(columns)} from millwright.logged_model l`,
    ...latest,
    `where l.experiment = any(${bind(search.experiments)}::bigint[]) and l.lifecycle_stage = 'active'`,
    ...conditions.map((one) => `and ${one}`),
    `order by ${orderBy(columns)} limit ${bind(limit)}::integer`,
  ].join("\n");
  return {
    // What is shown of a model is read of those found only.
    text: `select ${select}, f.* from (\n${found}\n) f join millwright.logged_model l on l.id = f.id
order by ${orderBy(columns.map((column, i) => ({ ...column, sql: `f.s${i}` })))}`,
    parameters,
  };
}

/** Filters and orders mean the latest value, as with runs. */
const latestValue = (key: string, datasets: readonly DatasetChoice[], bind: Bind): string =>
  `select v.value from millwright.logged_model_metric v
  where v.model = l.id and v.key = ${bind(key)}::text${onDatasets(datasets, bind)}
  order by v.timestamp desc, v.step desc, v.value desc limit 1`;

function onDatasets(datasets: readonly DatasetChoice[], bind: Bind): string {
  if (datasets.length === 0) return "";
  const each = datasets.map(({ name, digest }) => {
    const named = `v.dataset_name = ${bind(name)}::text`;
    return digest === undefined ? named : `${named} and v.dataset_digest = ${bind(digest)}::text`;
  });
  return ` and (${each.map((one) => `(${one})`).join(" or ")})`;
}

function clauseCondition(clause: Clause, { datasets }: ModelSearch, bind: Bind): string {
  const { entity, key } = clause;
  if (entity === "attribute") {
    const column = ATTRIBUTES[key]!;
    if (NUMERIC.has(key)) return condition(column, clause, "integer", bind);
    return condition(column, key === "status" ? statusClause(clause) : clause, "text", bind);
  }
  if (entity === "metric")
    return `exists (select from (${latestValue(key, datasets, bind)}) v where ${condition("v.value", clause, "double", bind)})`;
  return `exists (select from millwright.logged_model_${entity} v where v.model = l.id and v.key = ${bind(key)}::text
  and ${condition("v.value", clause, "text", bind)})`;
}

/** Clients call a status READY, PENDING or FAILED. */
const STATUS_NAMES: Readonly<Record<string, string>> = {
  READY: "LOGGED_MODEL_READY",
  PENDING: "LOGGED_MODEL_PENDING",
  FAILED: "LOGGED_MODEL_UPLOAD_FAILED",
  UPLOAD_FAILED: "LOGGED_MODEL_UPLOAD_FAILED",
};

function statusClause(clause: Clause): Clause {
  const { operator, value } = clause;
  if (operator === "LIKE" || operator === "ILIKE") return clause;
  const full = (name: string): string =>
    Object.hasOwn(STATUS_NAMES, name) ? STATUS_NAMES[name]! : name;
  return { ...clause, value: Array.isArray(value) ? value.map(full) : full(value as string) };
}
