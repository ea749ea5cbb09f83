import { bytesToHex } from "@noble/hashes/utils.js";
import { utf8Bytes } from "../../lib/utf8.ts";
import { invalidParameter } from "../mlflow/errors.ts";
import { type Bind, condition } from "../search/condition.ts";
import type { SortColumn } from "../search/keyset.ts";
import type { Clause, OrderTerm } from "../search/kind.ts";
import { COST, SESSION, SOURCE_RUN, TOKEN_USAGE, TRACE_NAME } from "./trace.ts";

type Typed = readonly [sql: string, type: "text" | "integer"];

const DURATION = "(t.end_time - t.request_time)";
const NAME = `(t.tags ->> '${TRACE_NAME}')`;

const ATTRIBUTES: Readonly<Record<string, Typed>> = {
  timestamp_ms: ["t.request_time", "integer"],
  execution_time_ms: [DURATION, "integer"],
  end_time_ms: ["coalesce(t.end_time, t.request_time)", "integer"],
  request_id: ["t.id", "text"],
  client_request_id: ["t.client_request_id", "text"],
  status: ["t.state", "text"],
  name: [NAME, "text"],
};

/** The clauses of a filter over traces (the table under the name `t`), each as SQL. Clauses about spans must all hold of one span. */
export function traceConditions(clauses: readonly Clause[], bind: Bind): string[] {
  const ofSpan = clauses.filter(({ entity }) => entity === "span");
  const others = clauses.filter(({ entity }) => entity !== "span");
  return [
    ...others.map((clause) => conditionOf(clause, bind)),
    ...(ofSpan.length === 0 ? [] : [ofSpans(ofSpan.map((clause) => spanCondition(clause, bind)))]),
  ];
}

function conditionOf(clause: Clause, bind: Bind): string {
  const { entity, key } = clause;
  if (entity === "tag") return textsCondition("t.tags", clause, bind);
  if (entity === "metadata")
    return key === SOURCE_RUN && clause.operator === "="
      ? ofRun(clause, bind)
      : metadataCondition(clause, bind);
  if (entity === "feedback" || entity === "expectation") return assessed(clause, bind);
  if (entity === "issue")
    return `exists (select from millwright.assessment a where a.trace = t.id and a.kind = 'issue' and a.name = ${bind(clause.value)}::text)`;
  if (key === "run_id") return ofRun(clause, bind);
  if (key === "prompt") return ofPrompt(clause, bind);
  if (key === "text") return ofSpans([condition(CONTENT, clause, "text", bind)]);
  const [column, type] = ATTRIBUTES[key]!;
  return condition(column, clause, type, bind);
}

/** A text of a jsonb column; equality such that an index can find it. */
function textsCondition(column: string, clause: Clause, bind: Bind): string {
  const { key, operator, value } = clause;
  if (operator === "=") return `${column} @> ${bind(JSON.stringify({ [key]: value }))}::jsonb`;
  if (operator === "IS NULL") return `not ${column} ? ${bind(key)}::text`;
  if (operator === "IS NOT NULL") return `${column} ? ${bind(key)}::text`;
  return condition(`(${column} ->> ${bind(key)}::text)`, clause, "text", bind);
}

/** Metadata that may come from the spans, where nothing was told. */
const OF_SPANS: ReadonlySet<string> = new Set([SESSION, TOKEN_USAGE, COST]);

function metadataCondition(clause: Clause, bind: Bind): string {
  const told = textsCondition("t.told_metadata", clause, bind);
  if (!OF_SPANS.has(clause.key)) return told;
  const ofSpans = textsCondition("t.span_metadata", clause, bind);
  if (clause.operator === "IS NULL") return `(${told} and ${ofSpans})`;
  return `(${told} or (${ofSpans} and not t.told_metadata ? ${bind(clause.key)}::text))`;
}

/** A trace is of the run it was made in, and of those it was linked to. `!=`: of a run, and of none that is equal. */
function ofRun(clause: Clause, bind: Bind): string {
  const linked = (more: string): string =>
    `exists (select from millwright.trace_link l where l.kind = 'run' and l.trace = t.id${more})`;
  const ofAny = `(t.told_metadata ? '${SOURCE_RUN}' or ${linked("")})`;
  if (clause.operator === "IS NOT NULL") return ofAny;
  if (clause.operator === "IS NULL") return `not ${ofAny}`;
  if (clause.operator === "!=" || clause.operator === "NOT IN") {
    const equal = { ...clause, operator: clause.operator === "!=" ? "=" : "IN" } as const;
    return `(${ofAny} and not ${ofRun(equal, bind)})`;
  }
  const made = textsCondition("t.told_metadata", { ...clause, key: SOURCE_RUN }, bind);
  const link = linked(` and ${condition("l.target", clause, "text", bind)}`);
  return `(coalesce(${made}, false) or ${link})`;
}

function ofPrompt({ operator, value }: Clause, bind: Bind): string {
  if (operator !== "=")
    throw invalidParameter(
      `Invalid comparator '${operator}' for prompts filter. Only '=' is supported with format: prompt = "name/version"`,
    );
  if (!/^[^/]+\/[^/]+$/.test(value as string))
    throw invalidParameter(
      `Invalid prompts filter value '${value}'. Expected format: prompt = "name/version"`,
    );
  return `exists (select from millwright.trace_link l where l.kind = 'prompt' and l.trace = t.id and l.target = ${bind(value)}::text)`;
}

const CONTENT = "(s.name || ' ' || s.body)";

const ofSpans = (conditions: readonly string[]): string =>
  `exists (select from millwright.trace_span s where s.trace = t.id and ${conditions.join(" and ")})`;

function spanCondition(clause: Clause, bind: Bind): string {
  const { key } = clause;
  if (key === "content") return condition(CONTENT, clause, "text", bind);
  if (key === "name" || key === "type" || key === "status")
    return condition(`s.${key}`, clause, "text", bind);
  const attribute = `(s.body::jsonb -> 'attributes' ->> ${bind(key.slice("attributes.".length))}::text)`;
  return condition(attribute, clause, "text", bind);
}

/** What was told goes before what the spans show. */
const metadataOf = (trace: string, key: string): string =>
  `coalesce(${trace}.told_metadata ->> ${key}, ${trace}.span_metadata ->> ${key})`;
const sessionOf = (trace: string): string => metadataOf(trace, `'${SESSION}'`);

/** Values are compared as texts: `true`, `5`, `yes`. What was said of a session holds for each of its traces. */
function assessed(clause: Clause, bind: Bind): string {
  const { entity, key, operator } = clause;
  const conditions = [
    `a.kind = ${bind(entity)}::text and a.name = ${bind(key)}::text and a.valid`,
    ...(operator === "IS NULL" || operator === "IS NOT NULL"
      ? []
      : [condition("(a.value #>> '{}')", clause, "text", bind)]),
  ].join(" and ");
  const found = `(exists (select from millwright.assessment a where a.trace = t.id and ${conditions}) or ${sessionOf("t")} in (
    select ${sessionOf("o")} from millwright.assessment a join millwright.trace o on o.id = a.trace
    where ${conditions} and a.metadata ? '${SESSION}'))`;
  return operator === "IS NULL" ? `${found} is not true` : found;
}

/** What a page is sorted by; without a wish the newest first. */
export function traceOrder(terms: readonly OrderTerm[]): SortColumn[] {
  const has = (key: string): boolean =>
    terms.some((term) => term.entity === "attribute" && term.key === key);
  return [
    ...terms.map(sortColumn),
    ...(has("timestamp_ms") ? [] : [NEWEST]),
    ...(has("request_id") ? [] : [{ sql: "t.id", type: "text", descending: false } as const]),
  ];
}

const NEWEST: SortColumn = { sql: "t.request_time", type: "integer", descending: true };
const NEVER_NULL: ReadonlySet<string> = new Set([
  "timestamp_ms",
  "request_id",
  "status",
  "experiment_id",
]);

function sortColumn({ entity, key, descending }: OrderTerm): SortColumn {
  if (entity === "tag" || entity === "metadata") {
    const name = inHex(key);
    const sql = entity === "tag" ? `(t.tags ->> ${name})` : metadataOf("t", name);
    return { sql, type: "text", descending, nullable: true };
  }
  const [sql, type] = SORTABLE[key]!;
  return { sql, type, descending, nullable: !NEVER_NULL.has(key) };
}

/** A caller's text where a statement takes no parameter: nothing of it is SQL. */
const inHex = (text: string): string =>
  `convert_from(decode('${bytesToHex(utf8Bytes(text))}', 'hex'), 'UTF8')`;

const SORTABLE: Readonly<Record<string, Typed>> = {
  ...ATTRIBUTES,
  run_id: [`(t.told_metadata ->> '${SOURCE_RUN}')`, "text"],
  experiment_id: ["t.experiment", "integer"],
  end_time_ms: ["t.end_time", "integer"],
};
