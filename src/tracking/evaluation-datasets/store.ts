import type { Sql } from "../../storage/sql/sql.ts";
import { type Bind, binder, condition } from "../search/condition.ts";
import { behind, orderBy, type Position, type SortColumn } from "../search/keyset.ts";
import type { Clause } from "../search/kind.ts";
import { type Page, pageOf, sortedBy } from "../search/page.ts";
import { datasetDigest, type EvaluationDataset, type RecordSchema } from "./evaluation-dataset.ts";
import type { GivenRecords } from "./read-records.ts";

export interface EvaluationDatasetStore {
  get(id: string): Promise<EvaluationDataset | undefined>;
  /** @returns an experiment that is not there, when one is not. */
  create(dataset: NewDataset): Promise<string | undefined>;
  delete(id: string): Promise<void>;
  search(search: DatasetSearch): Promise<Page<EvaluationDataset>>;
  /** null deletes. false: no such dataset; so below. */
  setTags(id: string, tags: Readonly<Record<string, string | null>>): Promise<boolean>;
  /** "no dataset", an experiment that is not there, or undefined when all is well. */
  addExperiments(
    id: string,
    experiments: readonly string[],
    at: number,
  ): Promise<string | undefined>;
  removeExperiments(id: string, experiments: readonly string[], at: number): Promise<boolean>;
  putRecords(id: string, records: GivenRecords, made: MadeNow): Promise<PutRecords | undefined>;
  /** A JSON list, oldest first, and where the next page begins. */
  records(
    id: string,
    page: RecordPage,
  ): Promise<{ readonly text: string; readonly next: number | undefined }>;
  deleteRecords(id: string, records: readonly string[], at: number): Promise<number>;
}

export interface NewDataset {
  readonly id: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly experiments: readonly string[];
  readonly by: string | undefined;
  readonly at: number;
}

export interface DatasetSearch {
  /** Empty: of all. */
  readonly experiments: readonly string[];
  readonly clauses: readonly Clause[];
  readonly order: readonly SortColumn[];
  readonly after: Position | undefined;
  readonly limit: number;
}

export interface MadeNow {
  readonly at: number;
  /** An id for every record that may be new. */
  readonly ids: readonly string[];
}

export interface PutRecords {
  readonly inserted: number;
  readonly updated: number;
}

export interface RecordPage {
  readonly after: number;
  readonly limit: number;
}

interface DatasetRow {
  readonly id: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly schema: RecordSchema | null;
  readonly digest: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly created_by: string | null;
  readonly updated_by: string | null;
  readonly experiments: readonly string[] | null;
  readonly records: number;
}

const COLUMNS = `d.id, d.name, d.tags, d.schema, d.digest, d.created_at, d.updated_at, d.created_by, d.updated_by,
  (select json_agg(e.experiment::text order by e.experiment) from millwright.evaluation_dataset_experiment e where e.dataset = d.id) as experiments,
  (select count(*) from millwright.evaluation_record r where r.dataset = d.id) as records`;

const datasetOfRow = (row: DatasetRow): EvaluationDataset => ({
  ...{ id: row.id, name: row.name, tags: row.tags, schema: row.schema ?? undefined },
  ...{ digest: row.digest, createdAt: row.created_at, updatedAt: row.updated_at },
  createdBy: row.created_by ?? undefined,
  updatedBy: row.updated_by ?? undefined,
  ...{ experiments: row.experiments ?? [], records: row.records },
});

export function evaluationDatasetStore(sql: Sql): EvaluationDatasetStore {
  return {
    async get(id) {
      const rows = await sql.query<DatasetRow>(
        `select ${COLUMNS} from millwright.evaluation_dataset d where d.id = $1`,
        [id],
      );
      return rows[0] && datasetOfRow(rows[0]);
    },
    create: ({ id, name, tags, experiments, by, at }) =>
      sql.transact(async (tx) => {
        const missing = await missingExperiment(tx, experiments);
        if (missing !== undefined) return missing;
        await tx.query(
          `insert into millwright.evaluation_dataset (id, name, tags, digest, created_at, updated_at, created_by, updated_by)
           values ($1, $2, $3, $4, $5, $5, $6, $6)`,
          [id, name, JSON.stringify(tags), datasetDigest(name, at), at, by ?? null],
        );
        await join(tx, id, experiments);
        return undefined;
      }),
    async delete(id) {
      await sql.query("delete from millwright.evaluation_dataset where id = $1", [id]);
    },
    search: (search) => searchDatasets(sql, search),
    async setTags(id, tags) {
      const rows = await sql.query(
        "update millwright.evaluation_dataset set tags = jsonb_strip_nulls(tags || $2::jsonb) where id = $1 returning id",
        [id, JSON.stringify(tags)],
      );
      return rows.length > 0;
    },
    addExperiments: (id, experiments, at) =>
      sql.transact(async (tx) => {
        const missing = await missingExperiment(tx, experiments);
        if (missing !== undefined) return missing;
        if ((await touch(tx, id, at)) === undefined) return "no dataset";
        await join(tx, id, experiments);
        return undefined;
      }),
    removeExperiments: (id, experiments, at) =>
      sql.transact(async (tx) => {
        if ((await touch(tx, id, at)) === undefined) return false;
        await tx.query(
          "delete from millwright.evaluation_dataset_experiment where dataset = $1 and experiment = any($2::bigint[])",
          [id, experiments],
        );
        return true;
      }),
    putRecords: (id, records, made) => sql.transact((tx) => putRecords(tx, id, records, made)),
    async records(id, { after, limit }) {
      const rows = await sql.query<{ n: number; record: string }>(
        `select r.n, ${RECORD} as record from millwright.evaluation_record r
         where r.dataset = $1 and r.n > $2 order by r.n limit $3`,
        [id, after, limit + 1],
      );
      const page = rows.slice(0, limit);
      return {
        text: `[${page.map(({ record }) => record).join(", ")}]`,
        next: rows.length > limit ? page.at(-1)!.n : undefined,
      };
    },
    deleteRecords: (id, records, at) =>
      sql.transact(async (tx) => {
        const name = await touch(tx, id, at);
        const gone = await tx.query(
          "delete from millwright.evaluation_record where dataset = $1 and id = any($2) returning id",
          [id, records],
        );
        if (name !== undefined && gone.length > 0)
          await tx.query("update millwright.evaluation_dataset set digest = $2 where id = $1", [
            ...[id, datasetDigest(name, at)],
          ]);
        return gone.length;
      }),
  };
}

/** Its name; undefined: no such dataset. Held until the end of the transaction. */
async function touch(sql: Sql, id: string, at: number): Promise<string | undefined> {
  const rows = await sql.query<{ name: string }>(
    "update millwright.evaluation_dataset set updated_at = $2 where id = $1 returning name",
    [id, at],
  );
  return rows[0]?.name;
}

async function missingExperiment(
  sql: Sql,
  experiments: readonly string[],
): Promise<string | undefined> {
  const rows = await sql.query<{ id: string }>(
    `select w.id::text as id from unnest($1::bigint[]) w (id)
     where not exists (select from millwright.experiment e where e.id = w.id) limit 1`,
    [experiments],
  );
  return rows[0]?.id;
}

const join = (sql: Sql, id: string, experiments: readonly string[]) =>
  sql.query(
    `insert into millwright.evaluation_dataset_experiment (dataset, experiment)
     select $1, unnest($2::bigint[]) on conflict do nothing`,
    [id, experiments],
  );

/** Text of a record, with what is not there left out. */
const RECORD = `(left(json_strip_nulls(json_build_object('dataset_record_id', r.id, 'dataset_id', r.dataset,
    'created_time', r.created_at, 'last_update_time', r.updated_at, 'created_by', r.created_by, 'last_updated_by', r.updated_by,
    'source_id', coalesce(r.source -> 'source_data' ->> 'trace_id', r.source -> 'source_data' ->> 'source_id'),
    'source_type', r.source ->> 'source_type'))::text, -1)
  || ', ' || substr(json_build_object('inputs', r.inputs, 'outputs', r.outputs, 'expectations', r.expectations, 'tags', r.tags, 'source', r.source)::text, 2))`;

const orNull = (field: string): string =>
  `case when json_typeof(g.record -> '${field}') <> 'null' then g.record -> '${field}' end`;

const PUT = `
  insert into millwright.evaluation_record as r (dataset, id, input_hash, inputs, outputs, expectations, tags, source,
    created_at, updated_at, created_by, updated_by)
  select $1, ($3::text[])[g.n], sha256(convert_to(coalesce(${orNull("inputs")}, '{}')::jsonb::text, 'UTF8')),
    coalesce(${orNull("inputs")}, '{}'), ${orNull("outputs")}, (${orNull("expectations")})::jsonb,
    coalesce((${orNull("tags")})::jsonb, '{}'), ${orNull("source")}, $4, $4,
    g.record -> 'tags' ->> 'mlflow.user', g.record -> 'tags' ->> 'mlflow.user'
  from json_array_elements($2::json) with ordinality g (record, n) order by g.n
  on conflict (dataset, input_hash) do update set outputs = coalesce(excluded.outputs, r.outputs),
    expectations = case when excluded.expectations is null then r.expectations else coalesce(r.expectations, '{}') || excluded.expectations end,
    tags = r.tags || excluded.tags, source = coalesce(r.source, excluded.source), updated_at = excluded.updated_at,
    updated_by = coalesce(excluded.updated_by, r.updated_by)
  returning xmax = 0 as inserted`;

async function putRecords(
  sql: Sql,
  id: string,
  records: GivenRecords,
  { at, ids }: MadeNow,
): Promise<PutRecords | undefined> {
  const rows = await sql.query<{ name: string; schema: RecordSchema | null }>(
    "select name, schema from millwright.evaluation_dataset where id = $1 for update",
    [id],
  );
  const [dataset] = rows;
  if (dataset === undefined) return undefined;
  let [begun, inserted] = [0, 0];
  for (const { text, count } of records.rounds) {
    const own = ids.slice(begun, begun + count);
    const put = await sql.query<{ inserted: boolean }>(PUT, [id, text, own, at]);
    inserted += put.filter((row) => row.inserted).length;
    begun += count;
  }
  await sql.query(
    `update millwright.evaluation_dataset set schema = $2, digest = $3, updated_at = $4, updated_by = coalesce($5, updated_by)
     where id = $1`,
    [
      ...[id, JSON.stringify(records.schemaAfter(dataset.schema ?? undefined))],
      ...[datasetDigest(dataset.name, at), at, records.by ?? null],
    ],
  );
  return { inserted, updated: records.count - inserted };
}

async function searchDatasets(
  sql: Sql,
  { experiments, clauses, order, after, limit }: DatasetSearch,
): Promise<Page<EvaluationDataset>> {
  const parameters: unknown[] = [];
  const bind = binder(parameters);
  const conditions = [
    ...clauses.map((clause) => clauseCondition(clause, bind)),
    ...(experiments.length === 0
      ? []
      : [
          `exists (select from millwright.evaluation_dataset_experiment e where e.dataset = d.id and e.experiment = any(${bind(experiments)}::bigint[]))`,
        ]),
    ...(after === undefined ? [] : [behind(order, after, bind)]),
  ];
  const rows = await sql.query<DatasetRow>(
    `select ${COLUMNS}, ${sortedBy(order)} from millwright.evaluation_dataset d
     ${conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`} order by ${orderBy(order)} limit ${bind(limit + 1)}`,
    parameters,
  );
  const { items, next } = pageOf(rows, limit, order);
  return { items: items.map(datasetOfRow), next };
}

const NUMBERS: Readonly<Record<string, string>> = {
  created_time: "d.created_at",
  last_update_time: "d.updated_at",
};
const TEXTS: Readonly<Record<string, string>> = {
  ...{ name: "d.name", created_by: "d.created_by", last_updated_by: "d.updated_by" },
};

/** Of the keys a search can be ordered by. */
export const datasetColumn = (key: string): Pick<SortColumn, "sql" | "type"> =>
  NUMBERS[key] === undefined
    ? { sql: TEXTS[key]!, type: "text" }
    : { sql: NUMBERS[key], type: "integer" };

function clauseCondition(clause: Clause, bind: Bind): string {
  if (clause.entity === "tag")
    return condition(`(d.tags ->> ${bind(clause.key)}::text)`, clause, "text", bind);
  const { sql, type } = datasetColumn(clause.key);
  return condition(sql, clause, type, bind);
}
