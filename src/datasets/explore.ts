import { MillwrightError } from "../errors.ts";
import type { Columns, Source } from "../storage/columns/columns.ts";
import type { Table } from "../table/table.ts";
import { type Inference, inferTable } from "./infer.ts";
import type { ColumnSchema, Role } from "./schema.ts";
import { type Survey, surveyor } from "./survey.ts";
import { typist } from "./typing.ts";

export interface ExploreInput {
  /** Path or glob. */
  readonly source: string;
  /** Absolute; `source` is relative to it. */
  readonly folder: string;
  readonly header?: readonly string[] | undefined;
  readonly target?: string | undefined;
  readonly key?: string | undefined;
  readonly time?: string | undefined;
  readonly roles?: Readonly<Record<string, Role>> | undefined;
  /** Look at no more than about this many rows, from the start; for a first answer about a large file. */
  readonly mostRows?: number | undefined;
  /** The source, when it was inspected before. */
  readonly inspected?: Source;
}

export interface Exploration {
  readonly source: Source;
  readonly survey: Survey;
  /** Typed rows drawn evenly from the source. */
  readonly sample: Table;
  readonly inference: Inference;
  /** The schema so far: what later data may look like (`withLimits`) takes a pass over all rows. */
  readonly columns: readonly ColumnSchema[];
}

/** Reads a source once and says what it is: types from every row read, roles, task, time, key and leaks from a sample. */
export async function explore(
  deps: { readonly columns: Columns },
  input: ExploreInput,
): Promise<Exploration> {
  const {
    source: uri,
    folder,
    header,
    target,
    key,
    time,
    roles,
    mostRows = Number.POSITIVE_INFINITY,
  } = input;
  const source =
    input.inspected ?? (await deps.columns.inspect({ uri, folder, ...(header ? { header } : {}) }));
  const look = surveyor(source.names, source.declared, target);
  for await (const block of deps.columns.blocks(source)) {
    look.add(block);
    if (look.rows() >= mostRows) break;
  }
  const survey = look.finish();
  if (survey.rows === 0)
    throw new MillwrightError(
      "invalid_data",
      survey.bad > 0
        ? `source '${uri}': none of its ${survey.bad} rows has the ${source.names.length} fields of the first line; check the delimiter and the first line`
        : `source '${uri}' has names (${source.names.slice(0, 5).join(", ")}) but no rows`,
    );
  const typed = survey.columns.map((c, at) => ({
    name: c.name,
    type: c.type,
    order: c.order,
    at,
    strict: false,
  }));
  const { table } = typist(typed)(survey.sample);
  const inference = inferTable({
    sample: table,
    sampled: survey.sampled,
    target,
    key,
    time,
    roles,
  });
  const columns = inference.columns.map((c, at) => ({
    ...c,
    missing: 1,
    ...(survey.columns[at]!.order === "mdy" && c.type === "time"
      ? { dateOrder: "mdy" as const }
      : {}),
  }));
  return { source, survey, sample: table, inference, columns };
}
