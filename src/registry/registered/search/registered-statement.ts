import { binder, condition } from "../../../tracking/search/condition.ts";
import {
  behind,
  orderBy,
  type Position,
  type SortColumn,
} from "../../../tracking/search/keyset.ts";
import type { Clause, OrderTerm } from "../../../tracking/search/kind.ts";
import { sortedBy } from "../../../tracking/search/page.ts";
import { PROMPT_TAG } from "../registered-model.ts";
import { VERSIONS } from "../version-row.ts";

export interface RegisteredSearch {
  readonly clauses: readonly Clause[];
  readonly order: readonly OrderTerm[];
}

export interface Statement {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

interface Wanted {
  readonly select: string;
  readonly position: Position | undefined;
  readonly limit: number;
}

const MODEL_ATTRIBUTES: Readonly<Record<string, string>> = {
  ...{ name: "m.name", creation_timestamp: "m.created_at", last_updated_timestamp: "m.updated_at" },
};

const VERSION_ATTRIBUTES: Readonly<Record<string, string>> = {
  ...{ name: "m.name", version_number: "v.number", run_id: "v.run_id", source_path: "v.source" },
  ...{ creation_timestamp: "v.created_at", last_updated_timestamp: "v.updated_at" },
};

const isPromptClause = ({ entity, key }: Clause): boolean => entity === "tag" && key === PROMPT_TAG;

/**
 * Prompts are only found by who asks for them: with `= 'true'` or `!= 'false'` on their tag. Any other condition on it is MLflow's
 * way to say "no prompts", which models without the tag meet, too.
 */
function promptsWanted(clauses: readonly Clause[]): boolean {
  const asked = clauses.find(isPromptClause);
  const value = String(asked?.value).toLowerCase();
  return (
    (asked?.operator === "=" && value === "true") || (asked?.operator === "!=" && value === "false")
  );
}

const HAS_PROMPT_TAG = `t.key = '${PROMPT_TAG}' and lower(t.value) = 'true'`;
const NO_PROMPT_MODEL = `not exists (select from millwright.registered_model_tag t where t.model = m.id and ${HAS_PROMPT_TAG})`;
const NO_PROMPT_VERSION = `not exists (select from millwright.registered_version_tag t
  where t.model = v.model and t.number = v.number and ${HAS_PROMPT_TAG})`;

export function modelColumns({ order }: RegisteredSearch): SortColumn[] {
  const columns = columnsOf(order, MODEL_ATTRIBUTES);
  if (!order.some(({ key }) => key === "name"))
    columns.push({ sql: "m.name", type: "text", descending: false });
  return columns;
}

/** The last changed first when nothing is said. */
export function versionColumns({ order }: RegisteredSearch): SortColumn[] {
  const columns = columnsOf(order, VERSION_ATTRIBUTES);
  const has = (key: string) => order.some((term) => term.key === key);
  if (order.length === 0) columns.push({ sql: "v.updated_at", type: "integer", descending: true });
  if (!has("name")) columns.push({ sql: "m.name", type: "text", descending: false });
  if (!has("version_number")) columns.push({ sql: "v.number", type: "integer", descending: true });
  return columns;
}

const columnsOf = (
  order: readonly OrderTerm[],
  attributes: Readonly<Record<string, string>>,
): SortColumn[] =>
  order.map(({ key, value, descending }) => ({
    ...{ sql: attributes[key]!, type: value === "text" ? "text" : "integer", descending },
  }));

export function modelStatement(search: RegisteredSearch, wanted: Wanted): Statement {
  return statement(search, wanted, {
    from: "millwright.registered_model m",
    attributes: MODEL_ATTRIBUTES,
    columns: modelColumns(search),
    tags: "millwright.registered_model_tag t where t.model = m.id",
    noPrompts: [NO_PROMPT_MODEL],
  });
}

export function versionStatement(search: RegisteredSearch, wanted: Wanted): Statement {
  return statement(search, wanted, {
    from: VERSIONS,
    attributes: VERSION_ATTRIBUTES,
    columns: versionColumns(search),
    tags: "millwright.registered_version_tag t where t.model = v.model and t.number = v.number",
    noPrompts: [NO_PROMPT_VERSION, NO_PROMPT_MODEL],
  });
}

const NUMERIC: ReadonlySet<string> = new Set(["version_number"]);

function statement(
  search: RegisteredSearch,
  { select, position, limit }: Wanted,
  what: {
    readonly from: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly columns: readonly SortColumn[];
    readonly tags: string;
    readonly noPrompts: readonly string[];
  },
): Statement {
  const parameters: unknown[] = [];
  const bind = binder(parameters);
  const prompts = promptsWanted(search.clauses);
  const conditions = search.clauses
    .filter((clause) => prompts || !isPromptClause(clause))
    .map((clause) =>
      clause.entity === "tag"
        ? `exists (select from ${what.tags} and t.key = ${bind(clause.key)}::text and ${condition("t.value", clause, "text", bind)})`
        : condition(
            what.attributes[clause.key]!,
            clause,
            NUMERIC.has(clause.key) ? "integer" : "text",
            bind,
          ),
    );
  if (!prompts) conditions.push(...what.noPrompts);
  if (position !== undefined) conditions.push(behind(what.columns, position, bind));
  const where = conditions.length === 0 ? "" : `where ${conditions.join("\nand ")}`;
  const text = `select ${select}, ${sortedBy(what.columns)} from ${what.from}
${where}
order by ${orderBy(what.columns)} limit ${bind(limit)}::integer`;
  return { text, parameters };
}
