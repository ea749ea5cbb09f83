import { binder, condition } from "./condition.ts";
import { behind, orderBy, type Position, type SortColumn } from "./keyset.ts";
import type { Clause, OrderTerm } from "./kind.ts";
import { sortedBy } from "./page.ts";
import type { View } from "./run-search.ts";
import type { Statement } from "./run-statement.ts";

export interface ExperimentSearch {
  readonly view: View;
  readonly clauses: readonly Clause[];
  readonly order: readonly OrderTerm[];
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  ...{ name: "e.name", experiment_id: "e.id" },
  ...{ creation_time: "e.created_at", last_update_time: "e.updated_at" },
};

/** Newest first when nothing is said, as MLflow has it. */
export function experimentColumns({ order }: ExperimentSearch): SortColumn[] {
  const columns = order.map(
    ({ key, value, descending }): SortColumn => ({
      ...{ sql: ATTRIBUTES[key]!, type: value === "text" ? "text" : "integer", descending },
    }),
  );
  if (order.length === 0)
    columns.push({ sql: ATTRIBUTES.creation_time!, type: "integer", descending: true });
  if (!order.some(({ key }) => key === "experiment_id"))
    columns.push({ sql: "e.id", type: "integer", descending: order.length > 0 });
  return columns;
}

const STAGES: Readonly<Record<View, string>> = {
  ...{ ACTIVE_ONLY: "e.lifecycle_stage = 'active'", DELETED_ONLY: "e.lifecycle_stage = 'deleted'" },
  ALL: "true",
};

/** The first `limit` experiments, behind a position: the columns `select` of `e`, and `s0`, `s1`, …. */
export function experimentStatement(
  search: ExperimentSearch,
  { select, position, limit }: { select: string; position: Position | undefined; limit: number },
): Statement {
  const parameters: unknown[] = [];
  const bind = binder(parameters);
  const columns = experimentColumns(search);
  const conditions = search.clauses.map((clause) => {
    const { entity, key, operator } = clause;
    if (entity === "attribute")
      return condition(ATTRIBUTES[key]!, clause, key === "name" ? "text" : "integer", bind);
    const tag = `select from millwright.experiment_tag t where t.experiment = e.id and t.key = ${bind(key)}::text`;
    if (operator === "IS NULL") return `not exists (${tag})`;
    if (operator === "IS NOT NULL") return `exists (${tag})`;
    return `exists (${tag} and ${condition("t.value", clause, "text", bind)})`;
  });
  if (position !== undefined) conditions.push(behind(columns, position, bind));
  const text = `select ${select}, ${sortedBy(columns)} from millwright.experiment e
where ${[STAGES[search.view], ...conditions].join("\nand ")}
order by ${orderBy(columns)} limit ${bind(limit)}::integer`;
  return { text, parameters };
}
