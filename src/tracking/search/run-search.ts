import { type Position, type SortColumn, SQL_TYPES } from "./keyset.ts";
import type { Clause, OrderTerm } from "./kind.ts";

export const VIEWS = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"] as const;
export type View = (typeof VIEWS)[number];

export interface RunSearch {
  /** Decimal ids, at least one, each once. */
  readonly experiments: readonly string[];
  readonly view: View;
  readonly clauses: readonly Clause[];
  readonly order: readonly OrderTerm[];
  /** Numbers of the metrics, params and tags that the search names; a name nobody has used is not there. */
  readonly keys: ReadonlyMap<string, number>;
  /** Only runs with this value of the param or tag they are sorted by first; shorter than what is indexed. See `ties.ts`. */
  readonly tied?: string | undefined;
  /** Only runs whose value comes after this one in the order. */
  readonly beyond?: string | undefined;
}

/**
 * A page is read from one part of the order after the other, as far as it takes, each with a statement of its own: runs whose
 * first key is a number or text, then NaN, then those without. So PostgreSQL can walk an index in the order wanted and stop.
 */
export type Part = "all" | "present" | "nan" | "missing";

/** In their order, beginning with the one a position lies in. */
export function runParts({ order }: RunSearch, position?: Position): readonly Part[] {
  const first = order[0];
  if (first === undefined || first.entity === "attribute") return ["all"];
  const parts: readonly Part[] =
    first.entity === "metric" ? ["present", "nan", "missing"] : ["present", "missing"];
  return position === undefined ? parts : parts.slice(parts.indexOf(partOf(position[0]!)));
}

const partOf = (value: number | string | null): Part =>
  value === null ? "missing" : Number.isNaN(value) ? "nan" : "present";

/** Columns of the table of runs, under the name `r`. */
export const RUN_ATTRIBUTES: Readonly<Record<string, string>> = {
  ...{ run_id: "r.id", run_name: "r.name", status: "r.status", user_id: "r.user_id" },
  ...{ artifact_uri: "r.artifact_uri", start_time: "r.start_time", end_time: "r.end_time" },
};

/** The table of a metric, param or tag, as a statement calls it. */
export const joinName = (entity: string, number: number): string => `${entity}_${number}`;

/** What runs are sorted by: the terms, then newest first, then id. As many for every part, so that a position fits them all. */
export function runColumns(search: RunSearch, part: Part): SortColumn[] {
  const columns = search.order.flatMap((_, i) => [
    ...startColumn(search, i, part),
    column(search, i, part),
  ]);
  const has = (key: string) =>
    search.order.some((term) => term.entity === "attribute" && term.key === key);
  if (has("run_id")) return columns;
  if (!has("start_time"))
    columns.push({ sql: RUN_ATTRIBUTES.start_time!, type: "integer", descending: true });
  columns.push({ sql: RUN_ATTRIBUTES.run_id!, type: "text", descending: false, collated: true });
  return columns;
}

function column({ order, keys, tied }: RunSearch, i: number, part: Part): SortColumn {
  const { entity, key, value, descending } = order[i]!;
  const type = value === "text" ? "text" : entity === "metric" ? "double" : "integer";
  if (entity === "attribute")
    return {
      ...{ sql: RUN_ATTRIBUTES[key]!, type, descending },
      ...{ nullable: key === "end_time", collated: key === "run_id" },
    };
  const number = keys.get(key);
  const nullable = part === "all" || i > 0;
  if (number === undefined || (part === "missing" && i === 0))
    return { ...constant(`null::${SQL_TYPES[type]}`), type, descending, nullable: true };
  if (part === "nan" && i === 0) return { ...constant("'NaN'::float8"), type, descending };
  const sql = `${joinName(entity, number)}.value`;
  if (i === 0 && tied !== undefined) return { ...constant(sql), type, descending };
  return { sql, type, descending, nullable, ordered: !nullable, collated: i === 0 };
}

/** How much of a value the indexes `param_value` and `run_tag_value` hold. */
export const INDEXED = 64;

/** Before a param or tag that runs are sorted by first comes its beginning, which an index has in order. */
function startColumn(search: RunSearch, i: number, part: Part): SortColumn[] {
  if (i > 0 || !["param", "tag"].includes(search.order[0]!.entity)) return [];
  const whole = column(search, 0, part);
  return [{ ...whole, sql: whole.constant ? whole.sql : `left(${whole.sql}, ${INDEXED})` }];
}

const constant = (sql: string) => ({ sql, constant: true }) as const;
