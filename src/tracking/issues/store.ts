import type { Sql } from "../../storage/sql/sql.ts";
import { type Bind, binder, condition } from "../search/condition.ts";
import { behind, orderBy, type Position, type SortColumn } from "../search/keyset.ts";
import type { Clause } from "../search/kind.ts";
import { type Page, pageOf, sortedBy } from "../search/page.ts";
import { type Issue, SEVERITIES } from "./issue.ts";

export interface IssueStore {
  get(id: string): Promise<Issue | undefined>;
  /** false = there is no such active experiment. */
  add(issue: Issue): Promise<boolean>;
  /** What is undefined stays as it is. undefined = there is no such issue. */
  change(id: string, change: IssueChange): Promise<Issue | undefined>;
  /** The most severe first, then the newest. */
  search(search: IssueSearch): Promise<Page<FoundIssue>>;
}

export interface IssueChange {
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly status: Issue["status"] | undefined;
  readonly severity: Issue["severity"];
  readonly at: number;
}

export interface IssueSearch {
  /** undefined: of all. */
  readonly experiment: string | undefined;
  readonly clauses: readonly Clause[];
  readonly after: Position | undefined;
  readonly limit: number;
}

export interface FoundIssue {
  readonly issue: Issue;
  /** How many traces show it. */
  readonly traces: number;
}

interface Row {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly description: string;
  readonly status: Issue["status"];
  readonly severity: NonNullable<Issue["severity"]> | null;
  readonly root_causes: readonly string[];
  readonly categories: readonly string[];
  readonly source_run: string | null;
  readonly created_by: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

const COLUMNS = `i.id, i.experiment::text as experiment, i.name, i.description, i.status, i.severity, i.root_causes,
  i.categories, i.source_run, i.created_by, i.created_at, i.updated_at`;

const issueOfRow = (row: Row): Issue => ({
  ...{ id: row.id, experiment: row.experiment, name: row.name, description: row.description },
  ...{ status: row.status, severity: row.severity ?? undefined },
  ...{ rootCauses: row.root_causes, categories: row.categories },
  ...{ sourceRun: row.source_run ?? undefined, createdBy: row.created_by ?? undefined },
  ...{ createdAt: row.created_at, updatedAt: row.updated_at },
});

export const ISSUE_ORDER: readonly SortColumn[] = [
  {
    sql: `coalesce(array_position(array['${SEVERITIES.join("','")}'], i.severity), 0)`,
    ...{ type: "integer", descending: true },
  },
  { sql: "i.created_at", type: "integer", descending: true },
  { sql: "i.id", type: "text", descending: true },
];

export const issueStore = (sql: Sql): IssueStore => ({
  async get(id) {
    const rows = await sql.query<Row>(
      `select ${COLUMNS} from millwright.trace_issue i where i.id = $1`,
      [id],
    );
    return rows[0] && issueOfRow(rows[0]);
  },
  async add(issue) {
    const rows = await sql.query(
      `insert into millwright.trace_issue (id, experiment, name, description, status, severity, root_causes, categories,
         source_run, created_by, created_at, updated_at)
       select $1, e.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
       from millwright.experiment e where e.id = $2 and e.lifecycle_stage = 'active' returning id`,
      [
        ...[issue.id, issue.experiment, issue.name, issue.description, issue.status],
        ...[issue.severity ?? null, JSON.stringify(issue.rootCauses)],
        ...[JSON.stringify(issue.categories), issue.sourceRun ?? null, issue.createdBy ?? null],
        ...[issue.createdAt, issue.updatedAt],
      ],
    );
    return rows.length > 0;
  },
  async change(id, { name, description, status, severity, at }) {
    const rows = await sql.query<Row>(
      `update millwright.trace_issue i set name = coalesce($2, name), description = coalesce($3, description),
         status = coalesce($4, status), severity = coalesce($5, severity), updated_at = $6
       where i.id = $1 returning ${COLUMNS}`,
      [id, name ?? null, description ?? null, status ?? null, severity ?? null, at],
    );
    return rows[0] && issueOfRow(rows[0]);
  },
  async search({ experiment, clauses, after, limit }) {
    const parameters: unknown[] = [];
    const bind = binder(parameters);
    const conditions = [
      "true",
      ...(experiment === undefined ? [] : [`i.experiment = ${bind(experiment)}::bigint`]),
      ...clauses.map((clause) => clauseCondition(clause, bind)),
      ...(after === undefined ? [] : [behind(ISSUE_ORDER, after, bind)]),
    ];
    const rows = await sql.query<Row & { traces: number }>(
      `select ${COLUMNS}, ${sortedBy(ISSUE_ORDER)}, (select count(distinct a.trace) from millwright.assessment a
         where a.kind = 'issue' and a.name = i.id) as traces
       from millwright.trace_issue i where ${conditions.join(" and ")}
       order by ${orderBy(ISSUE_ORDER)} limit ${bind(limit + 1)}`,
      parameters,
    );
    const { items, next } = pageOf(rows, limit, ISSUE_ORDER);
    return { items: items.map((row) => ({ issue: issueOfRow(row), traces: row.traces })), next };
  },
});

const clauseCondition = (clause: Clause, bind: Bind): string =>
  condition(clause.key === "source_run_id" ? "i.source_run" : "i.status", clause, "text", bind);
