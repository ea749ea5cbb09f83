import { grouped } from "../../lib/grouped.ts";
import type { Sql } from "../../storage/sql/sql.ts";
import type { Assessment } from "../assessments/assessment.ts";
import { assessmentValues, PUT_ASSESSMENT } from "../assessments/assessment-row.ts";
import { type Bind, binder } from "../search/condition.ts";
import { behind, orderBy, type Position, type SortColumn } from "../search/keyset.ts";
import type { Clause } from "../search/kind.ts";
import { type Page, pageOf, sortedBy } from "../search/page.ts";
import type { Span } from "./span.ts";
import {
  envelopeOf,
  SPAN_COLUMNS,
  type SpanRow,
  type SpanValues,
  spanOfRow,
  spanValues,
} from "./span-row.ts";
import {
  ARTIFACT_LOCATION,
  COST,
  SESSION,
  SPANS_LOCATION,
  TOKEN_USAGE,
  type ToldTrace,
  TRACE_NAME,
  type Trace,
} from "./trace.ts";
import { traceConditions } from "./trace-filter.ts";
import { TRACE_COLUMNS, type TraceRow, traceOfRow } from "./trace-row.ts";

export interface TraceStore {
  /** Keeps what was told, over what was told before; undefined when there is no such experiment, or it is deleted. */
  tell(trace: ToldTrace, assessments: readonly Assessment[]): Promise<Trace | undefined>;
  /** Keeps spans of any number of traces; one that came before is replaced, unless it has ended and this one has not. false as above. */
  putSpans(experiment: string, spans: readonly Span[]): Promise<boolean>;
  /** Those that are there, in the order asked for. */
  get(ids: readonly string[]): Promise<Trace[]>;
  /** Roots first, then by time. */
  spans(ids: readonly string[]): Promise<ReadonlyMap<string, readonly Span[]>>;
  search(search: TraceSearch): Promise<Page<Trace>>;
  /** How many traces match each of two filters, both, and the base that both stand on. */
  countMatches(experiments: readonly string[], filters: MatchFilters): Promise<MatchCounts>;
  /** The oldest first, until `limit`. Returns how many they were. */
  delete(which: TraceDeletion): Promise<number>;
  setTag(id: string, key: string, value: string): Promise<boolean>;
  /** false: the trace is not there, or has no such tag. */
  deleteTag(id: string, key: string): Promise<boolean>;
  link(kind: "run" | "prompt", links: readonly TraceLink[]): Promise<void>;
}

export interface TraceSearch {
  readonly experiments: readonly string[];
  readonly clauses: readonly Clause[];
  readonly order: readonly SortColumn[];
  readonly after: Position | undefined;
  readonly limit: number;
}

export interface MatchFilters {
  readonly base: readonly Clause[];
  readonly first: readonly Clause[];
  readonly second: readonly Clause[];
}

export interface MatchCounts {
  readonly total: number;
  readonly first: number;
  readonly second: number;
  readonly both: number;
}

export interface TraceDeletion {
  readonly experiment: string;
  readonly ids: readonly string[] | undefined;
  /** Milliseconds, inclusive. */
  readonly until: number | undefined;
  readonly limit: number | undefined;
}

export interface TraceLink {
  readonly trace: string;
  readonly target: string;
}

export function traceStore(sql: Sql): TraceStore {
  return {
    async tell(trace, assessments) {
      if (assessments.length === 0) return tellOne(sql, trace);
      return sql.transact(async (tx) => {
        if ((await tellOne(tx, trace)) === undefined) return undefined;
        for (const one of assessments) await tx.query(PUT_ASSESSMENT, assessmentValues(one));
        return (await read(tx, [trace.id]))[0];
      });
    },
    async putSpans(experiment, spans) {
      const values = [...new Map(spans.map((span) => [`${span.trace} ${span.id}`, span])).values()];
      const rows = values.map(spanValues);
      const sums = rows.filter(({ usage, cost, session }) => usage ?? cost ?? session);
      if (sums.length === 0) return keepSpans(sql, experiment, values, rows);
      return sql.transact(async (tx) => {
        const kept = await keepSpans(tx, experiment, values, rows);
        if (kept) await tx.query(SUM_UP, [[...new Set(sums.map(({ trace }) => trace))]]);
        return kept;
      });
    },
    get: (ids) => read(sql, ids),
    async spans(ids) {
      const rows = await sql.query<SpanRow>(
        `select ${SPAN_COLUMNS} from millwright.trace_span s where s.trace = any($1)
         order by s.trace, s.parent is not null, s.start_ns, s.id`,
        [ids],
      );
      return grouped(rows.map(spanOfRow), ({ trace }) => trace);
    },
    search: (search) => searchTraces(sql, search),
    countMatches: (experiments, filters) => countMatches(sql, experiments, filters),
    async delete({ experiment, ids, until, limit }) {
      const rows = await sql.query<{ n: number }>(
        `with gone as (
           delete from millwright.trace where id in (
             select id from millwright.trace
             where experiment = $1 and ($2::text[] is null or id = any($2)) and ($3::bigint is null or request_time <= $3)
             order by request_time, id limit $4)
           returning id),
         unlinked as (delete from millwright.trace_link where trace in (select id from gone))
         select count(*) as n from gone`,
        [experiment, ids ?? null, until ?? null, limit ?? null],
      );
      return rows[0]!.n;
    },
    async setTag(id, key, value) {
      const rows = await sql.query(
        "update millwright.trace set tags = tags || jsonb_build_object($2::text, $3::text) where id = $1 returning id",
        [id, key, value],
      );
      return rows.length > 0;
    },
    async deleteTag(id, key) {
      const rows = await sql.query(
        "update millwright.trace set tags = tags - $2::text where id = $1 and tags ? $2 returning id",
        [id, key],
      );
      return rows.length > 0;
    },
    async link(kind, links) {
      await sql.query(
        `insert into millwright.trace_link (kind, target, trace)
         select $1, target, trace from unnest($2::text[], $3::text[]) as l (target, trace) on conflict do nothing`,
        [kind, links.map(({ target }) => target), links.map(({ trace }) => trace)],
      );
    },
  };
}

async function tellOne(sql: Sql, trace: ToldTrace): Promise<Trace | undefined> {
  const rows = await sql.query<TraceRow>(
    `insert into millwright.trace as t (id, experiment, client_request_id, told_time, told_duration, told_state,
       told_request, told_response, told_metadata, tags)
     select $1, e.id, $3, $4, $5, $6, $7, $8, $9::jsonb,
       $10::jsonb || jsonb_build_object('${ARTIFACT_LOCATION}', rtrim(e.artifact_location, '/') || '/traces/' || $1 || '/artifacts')
     from millwright.experiment e where e.id = $2 and e.lifecycle_stage = 'active'
     on conflict (id) do update set experiment = excluded.experiment, client_request_id = coalesce(excluded.client_request_id, t.client_request_id),
       told_time = excluded.told_time, told_duration = coalesce(excluded.told_duration, t.told_duration), told_state = excluded.told_state,
       told_request = coalesce(excluded.told_request, t.told_request), told_response = coalesce(excluded.told_response, t.told_response),
       told_metadata = t.told_metadata || excluded.told_metadata, tags = t.tags || excluded.tags
     returning ${TRACE_COLUMNS}`,
    [
      ...[trace.id, trace.experiment, trace.clientRequestId ?? null, trace.requestTime],
      ...[trace.duration ?? null, trace.state, trace.requestPreview ?? null],
      ...[
        trace.responsePreview ?? null,
        JSON.stringify(trace.metadata),
        JSON.stringify(trace.tags),
      ],
    ],
  );
  return rows[0] && traceOfRow(rows[0]);
}

/** One statement, so that it needs no transaction; traces in the order of their ids, so that two never wait for each other. */
async function keepSpans(
  sql: Sql,
  experiment: string,
  spans: readonly Span[],
  rows: readonly SpanValues[],
): Promise<boolean> {
  const traces = [...grouped(spans, ({ trace }) => trace)]
    .map(([trace, own]) => envelopeOf(trace, own))
    .sort((a, b) => (a.trace < b.trace ? -1 : 1));
  const column = <K extends keyof SpanValues>(key: K): SpanValues[K][] =>
    rows.map((row) => row[key]);
  const kept = await sql.query<{ n: number }>(KEEP_SPANS, [
    experiment,
    ...(["trace", "from", "to", "state", "name", "request", "response"] as const).map((key) =>
      traces.map((trace) => trace[key]),
    ),
    ...(["trace", "id", "parent", "name", "type", "status"] as const).map(column),
    ...(["start_ns", "end_ns", "body", "usage", "cost", "session"] as const).map(column),
  ]);
  return kept[0]!.n > 0;
}

const STORED = `jsonb_build_object('${SPANS_LOCATION}', 'TRACKING_STORE')`;

const KEEP_SPANS = `
  with told as (
    insert into millwright.trace as t (id, experiment, span_time, span_end, span_state, span_request, span_response, tags)
    select n.id, e.id, n.begun, n.ended, n.state, n.request, n.response,
      jsonb_strip_nulls(jsonb_build_object('${TRACE_NAME}', n.name,
        '${ARTIFACT_LOCATION}', rtrim(e.artifact_location, '/') || '/traces/' || n.id || '/artifacts')) || ${STORED}
    from millwright.experiment e, unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[])
      as n (id, begun, ended, state, name, request, response)
    where e.id = $1 and e.lifecycle_stage = 'active'
    on conflict (id) do update set span_time = least(t.span_time, excluded.span_time),
      span_end = greatest(t.span_end, excluded.span_end), span_state = coalesce(excluded.span_state, t.span_state),
      span_request = coalesce(excluded.span_request, t.span_request), span_response = coalesce(excluded.span_response, t.span_response),
      tags = excluded.tags || t.tags || ${STORED}
    returning t.id),
  kept as (
    insert into millwright.trace_span as k (trace, id, parent, name, type, status, start_ns, end_ns, body, usage, cost, session)
    select s.* from unnest($9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[], $16::bigint[],
      $17::text[], $18::jsonb[], $19::jsonb[], $20::text[])
      as s (trace, id, parent, name, type, status, start_ns, end_ns, body, usage, cost, session)
    where exists (select from told)
    on conflict (trace, id) do update set parent = excluded.parent, name = excluded.name, type = excluded.type,
      status = excluded.status, start_ns = excluded.start_ns, end_ns = excluded.end_ns, body = excluded.body,
      usage = excluded.usage, cost = excluded.cost, session = excluded.session
    where excluded.end_ns is not null or k.end_ns is null)
  select count(*) as n from told`;

const sumOf = (column: string): string =>
  `(select jsonb_object_agg(key, total)::text from (
      select u.key, sum(u.value::numeric) as total from millwright.trace_span s, jsonb_each(s.${column}) u
      where s.trace = t.id group by u.key) sums)`;

const SUM_UP = `
  update millwright.trace t set span_metadata = jsonb_strip_nulls(jsonb_build_object(
    '${TOKEN_USAGE}', ${sumOf("usage")}, '${COST}', ${sumOf("cost")},
    '${SESSION}', (select s.session from millwright.trace_span s where s.trace = t.id and s.session is not null
                   order by s.start_ns, s.id limit 1)))
  where t.id = any($1)`;

async function read(sql: Sql, ids: readonly string[]): Promise<Trace[]> {
  const rows = await sql.query<TraceRow>(
    `select ${TRACE_COLUMNS} from unnest($1::text[]) with ordinality w (id, n)
     join millwright.trace t on t.id = w.id order by w.n`,
    [ids],
  );
  return rows.map(traceOfRow);
}

async function searchTraces(
  sql: Sql,
  { experiments, clauses, order, after, limit }: TraceSearch,
): Promise<Page<Trace>> {
  const parameters: unknown[] = [];
  const bind = binder(parameters);
  const conditions = [
    inExperiments(experiments, bind),
    ...traceConditions(clauses, bind),
    ...(after === undefined ? [] : [behind(order, after, bind)]),
  ];
  const rows = await sql.query<TraceRow>(
    `select ${TRACE_COLUMNS}, ${sortedBy(order)} from millwright.trace t where ${conditions.join(" and ")}
     order by ${orderBy(order)} limit ${bind(limit + 1)}`,
    parameters,
  );
  const { items, next } = pageOf(rows, limit, order);
  return { items: items.map(traceOfRow), next };
}

/** With one experiment an equality, so that its index gives the order as well. */
const inExperiments = (experiments: readonly string[], bind: Bind): string =>
  experiments.length === 1
    ? `t.experiment = ${bind(experiments[0])}::bigint`
    : `t.experiment = any(${bind(experiments)}::bigint[])`;

async function countMatches(
  sql: Sql,
  experiments: readonly string[],
  { base, first, second }: MatchFilters,
): Promise<MatchCounts> {
  const parameters: unknown[] = [];
  const bind = binder(parameters);
  const all = (clauses: readonly Clause[]): string =>
    traceConditions(clauses, bind)
      .map((text) => ` and ${text}`)
      .join("");
  const rows = await sql.query<MatchCounts>(
    `select count(*) as total, count(*) filter (where m.one) as first, count(*) filter (where m.two) as second,
       count(*) filter (where m.one and m.two) as both
     from (select coalesce(true${all(first)}, false) as one, coalesce(true${all(second)}, false) as two
           from millwright.trace t where ${inExperiments(experiments, bind)}${all(base)}) m`,
    parameters,
  );
  return rows[0]!;
}
