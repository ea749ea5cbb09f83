import { type Bind, binder, condition } from "./condition.ts";
import { behind, orderBy, type Position, type SortColumn } from "./keyset.ts";
import type { Clause } from "./kind.ts";
import { sortedBy } from "./page.ts";
import {
  INDEXED,
  joinName,
  type Part,
  RUN_ATTRIBUTES,
  type RunSearch,
  runColumns,
  type View,
} from "./run-search.ts";

export interface Statement {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

export const TABLES: Readonly<Record<string, string>> = {
  metric: "millwright.latest_metric",
  param: "millwright.param",
  tag: "millwright.run_tag",
};
/** Said in words, so that the index of active runs serves. */
const STAGES: Readonly<Record<View, readonly string[]>> = {
  ACTIVE_ONLY: ["r.lifecycle_stage = 'active'"],
  DELETED_ONLY: ["r.lifecycle_stage = 'deleted'"],
  ALL: [],
};
/** Experiments whose newest runs are merged. */
const MERGED = 100;
/** Where conditions must be looked up for more runs than this, a walk through all experiments is as good. */
const MERGED_RUNS = 10_000;

/**
 * The first `limit` runs of a part, behind a position if one is given: the columns `select` of `r`, and `s0`, `s1`, … what they
 * are sorted by. undefined: no run can match.
 */
export function runStatement(
  search: RunSearch,
  part: Part,
  { select, position, limit }: { select: string; position: Position | undefined; limit: number },
): Statement | undefined {
  const joins = joinsOf(search, part);
  if (joins === undefined) return undefined;
  const parameters: unknown[] = [];
  const bind = binder(parameters);
  const one = search.experiments.length === 1;
  const merged = !one && mergeable(search, joins, limit);
  const given = bind(one ? search.experiments[0] : search.experiments);
  const wanted = one ? `= ${given}::bigint` : merged ? "= e.id" : `= any(${given}::bigint[])`;
  const driving = merged ? 1 : DRIVING;
  const columns = runColumns(search, part);
  const late = new Set(joins.slice(JOINED).map(({ name }) => name));
  const isLate = ({ entity, key }: Clause): boolean =>
    late.has(joinName(entity, search.keys.get(key) ?? -1));
  const conditions = [
    ...search.clauses
      .filter((clause) => !isLate(clause))
      .flatMap((clause) => clauseCondition(clause, search, bind)),
    ...joins.slice(0, JOINED).flatMap(presence),
    ...lookedUp(search.clauses.filter(isLate), search, bind),
    ...partCondition(search, part),
    ...tieCondition(search, bind),
    ...(position === undefined ? [] : [behind(columns, position, bind)]),
  ];
  const taken = `limit ${bind(limit)}::integer`;
  const inner = [
    `select ${select}, ${sortedBy(columns)}`,
    "from millwright.tracked_run r",
    ...joins
      .slice(0, JOINED)
      .map((join, i) => joinText(join, i < driving ? wanted : undefined, bind)),
    ...joins
      .slice(JOINED)
      .filter(({ isSorted }) => isSorted)
      .map((join) => lookText(join, bind)),
    `where ${[isImplied(search, part) ? "true" : `r.experiment ${wanted}`, ...STAGES[search.view]].join(" and ")}`,
    ...conditions.map((text) => `and ${text}`),
    `order by ${orderBy(columns)} ${taken}`,
  ].join("\n");
  const text = merged
    ? `select p.* from unnest(${given}::bigint[]) e (id) cross join lateral (\n${inner}\n) p
order by ${orderBy(columns.map((column, i): SortColumn => ({ ...column, sql: `p.s${i}` })))} ${taken}`
    : inner;
  return { text, parameters };
}

/** A metric, param or tag of the runs: joined once, however often the search speaks of it. */
interface Join {
  readonly entity: string;
  readonly number: number;
  readonly name: string;
  /** Only runs that have it. */
  needed: boolean;
  /** Only runs that do not. */
  absent: boolean;
  /** The order wants its value. */
  isSorted: boolean;
}

function joinsOf({ clauses, order, keys }: RunSearch, part: Part): readonly Join[] | undefined {
  const joins = new Map<string, Join>();
  const join = (entity: string, key: string): Join | undefined => {
    const number = keys.get(key);
    if (number === undefined) return undefined;
    const name = joinName(entity, number);
    const found = joins.get(name) ?? {
      ...{ entity, number, name, needed: false, absent: false, isSorted: false },
    };
    joins.set(name, found);
    return found;
  };
  // First, so that PostgreSQL considers to walk it in order.
  if (order[0] !== undefined && order[0].entity !== "attribute")
    join(order[0].entity, order[0].key);
  for (const { entity, key, operator } of clauses.toSorted((a, b) => rank(a) - rank(b))) {
    if (TABLES[entity] === undefined) continue;
    const found = join(entity, key);
    if (operator === "IS NULL") {
      if (found !== undefined) found.absent = true;
    } else if (found === undefined) return undefined;
    else found.needed = true;
  }
  for (const [i, { entity, key }] of order.entries()) {
    if (entity === "attribute") continue;
    const found = join(entity, key);
    if (found !== undefined) found.isSorted = true;
    if (i > 0) continue;
    if (part === "missing") {
      if (found !== undefined) found.absent = true;
    } else if (found === undefined) return undefined;
    else found.needed = true;
  }
  const all = [...joins.values()];
  return all.some(({ needed, absent }) => needed && absent) ? undefined : all;
}

/**
 * So many metrics say their experiment: then the index by experiment, key and value can find the runs. PostgreSQL takes each saying
 * for a condition of its own and expects fewer runs; a long filter would seem to find none. Where small experiments are merged, one.
 */
const DRIVING = 3;

function joinText(
  { entity, number, name, needed }: Join,
  wanted: string | undefined,
  bind: Bind,
): string {
  const near =
    entity === "metric" && wanted !== undefined ? ` and ${name}.experiment ${wanted}` : "";
  return `${needed ? "join" : "left join"} ${TABLES[entity]} ${name} on ${name}.run = r.seq and ${name}.key = ${bind(number)}::integer${near}`;
}

/**
 * So many are joined, those likely to leave few runs first. PostgreSQL plans eight tables together; forty take it seconds. The others
 * are looked up for each run that is left.
 */
const JOINED = 7;

const rank = ({ operator }: Clause): number =>
  operator === "=" || operator === "IN" ? 0 : /[<>]/.test(operator) ? 1 : 2;

/** Null where the run has none. */
const lookText = ({ entity, number, name }: Join, bind: Bind): string =>
  `cross join lateral (select (select v.value from ${TABLES[entity]} v where v.run = r.seq and v.key = ${bind(number)}::integer) as value) ${name}`;

/**
 * All as one condition. PostgreSQL guesses that a condition it knows nothing of is true for a third of the runs; of twenty it would
 * conclude that no run is left, and choose a plan for none. Of a CASE it expects half.
 */
function lookedUp(clauses: readonly Clause[], search: RunSearch, bind: Bind): string[] {
  if (clauses.length === 0) return [];
  const all = clauses.map((clause) => {
    const found = `from ${TABLES[clause.entity]} v where v.run = r.seq and v.key = ${bind(search.keys.get(clause.key))}::integer`;
    if (clause.operator === "IS NULL") return `(select 1 ${found}) is null`;
    const conditions = clauseCondition(clause, search, bind, "v.value");
    return `(select ${conditions.join(" and ") || "true"} ${found})`;
  });
  return [`case when ${all.join(" and ")} then true else false end`];
}

const presence = ({ name, absent }: Join): string[] => (absent ? [`${name}.run is null`] : []);

/** A metric that runs are sorted by first says the experiment for them: PostgreSQL would take a second word for a second condition. */
const isImplied = ({ order }: RunSearch, part: Part): boolean =>
  order[0]?.entity === "metric" && (part === "present" || part === "nan");

/** Several experiments whose order an index gives are read one by one, as far as a page, and merged. */
function mergeable(
  { experiments, clauses, order }: RunSearch,
  joins: readonly Join[],
  limit: number,
): boolean {
  const first = order[0];
  return (
    experiments.length <= MERGED &&
    (joins.length === 0 || experiments.length * limit <= MERGED_RUNS) &&
    joins.every(({ entity }) => entity === "metric") &&
    clauses.every(({ entity }) => entity !== "dataset") &&
    (first === undefined || first.entity === "metric" || first.key === "start_time")
  );
}

function partCondition({ order, keys }: RunSearch, part: Part): string[] {
  const { entity, key } = order[0] ?? {};
  if (entity !== "metric" || part === "missing" || part === "all") return [];
  const sign = part === "nan" ? "=" : "<";
  return [`${joinName(entity, keys.get(key!)!)}.value ${sign} 'NaN'::float8`];
}

function tieCondition({ order, keys, tied, beyond }: RunSearch, bind: Bind): string[] {
  const first = order[0];
  if (first === undefined || (tied ?? beyond) === undefined) return [];
  const start = `left(${joinName(first.entity, keys.get(first.key)!)}.value, ${INDEXED})`;
  if (tied !== undefined) return [`${start} = ${bind(tied)}::text`];
  return [`${start} ${first.descending ? "<" : ">"} ${bind(beyond)}::text`];
}

/** @param looked the column, where it is not that of a join. */
function clauseCondition(
  clause: Clause,
  { keys }: RunSearch,
  bind: Bind,
  looked?: string,
): string[] {
  const { entity, key, operator, value } = clause;
  if (entity === "dataset") return [datasetCondition(clause, bind)];
  if (entity === "attribute") {
    const numeric = key === "start_time" || key === "end_time";
    return [condition(RUN_ATTRIBUTES[key]!, clause, numeric ? "integer" : "text", bind)];
  }
  if (operator === "IS NULL" || operator === "IS NOT NULL") return [];
  const column = looked ?? `${joinName(entity, keys.get(key)!)}.value`;
  if (entity === "metric") return [condition(column, clause, "double", bind)];
  if (operator !== "=" && operator !== "IN") return [condition(column, clause, "text", bind)];
  const values = [value].flat() as string[];
  const starts = values.map(startOf);
  const start = `left(${column}, ${INDEXED})`;
  const near =
    operator === "="
      ? `${start} = ${bind(starts[0])}::text`
      : `${start} = any(${bind(starts)}::text[])`;
  // A short value is all of its beginning. To say it twice would make PostgreSQL expect far fewer runs than there are.
  return values.every((text) => Array.from(text).length < INDEXED)
    ? [near]
    : [near, condition(column, clause, "text", bind)];
}

/** PostgreSQL counts characters, JavaScript halves of some. */
const startOf = (text: string): string => Array.from(text).slice(0, INDEXED).join("");

/** Of any dataset of the run; two clauses may mean two datasets. */
function datasetCondition(clause: Clause, bind: Bind): string {
  if (clause.key === "context")
    return `exists (select from millwright.run_dataset i where i.run = r.seq and ${condition("i.context", clause, "text", bind)})`;
  const column = clause.key === "name" ? "d.name" : "d.digest";
  return `exists (select from millwright.run_dataset i join millwright.tracked_dataset d on d.id = i.dataset
    where i.run = r.seq and ${condition(column, clause, "text", bind)})`;
}
