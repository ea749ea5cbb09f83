import type { Sql } from "../../storage/sql/sql.ts";
import type { OnlineScoring, ScorerVersion } from "./scorer.ts";

export interface ScorerStore {
  /** The next version. undefined: there is no such active experiment; an endpoint that is not there is named. */
  add(scorer: NewScorer): Promise<ScorerVersion | "no endpoint" | undefined>;
  /** Of each scorer the latest version, by name. */
  latest(experiment: string): Promise<ScorerVersion[]>;
  /** Oldest first. */
  versions(experiment: string, name: string): Promise<ScorerVersion[]>;
  /** The latest when no version is given. */
  get(
    experiment: string,
    name: string,
    version: number | undefined,
  ): Promise<ScorerVersion | undefined>;
  /** All when no version is given. */
  delete(
    experiment: string,
    name: string,
    version: number | undefined,
    at: number,
  ): Promise<boolean>;
  putOnline(scoring: Omit<OnlineScoring, "experiment">, at: number): Promise<void>;
  online(scorers: readonly string[]): Promise<OnlineScoring[]>;
}

export interface NewScorer {
  /** Of the scorer, if it is the first version. */
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly serialized: string;
  /** Name of the endpoint its model is reached by. */
  readonly endpoint: string | undefined;
  readonly at: number;
}

interface Row {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly version: number;
  readonly serialized: string;
  readonly had_endpoint: boolean;
  readonly endpoint: string | null;
  readonly created_at: number;
}

const COLUMNS = `s.id, s.experiment::text as experiment, s.name, v.version, v.serialized, v.had_endpoint, e.name as endpoint, v.created_at`;
const FROM = `millwright.scorer s join millwright.scorer_version v on v.scorer = s.id
  left join millwright.llm_endpoint e on e.id = v.endpoint`;

const versionOfRow = (row: Row): ScorerVersion => ({
  ...{ id: row.id, experiment: row.experiment, name: row.name, version: row.version },
  ...{ serialized: row.serialized, createdAt: row.created_at },
  endpoint: row.had_endpoint ? row.endpoint : undefined,
});

export function scorerStore(sql: Sql): ScorerStore {
  const read = async (by: Sql, where: string, parameters: readonly unknown[]) =>
    (await by.query<Row>(`select ${COLUMNS} from ${FROM} where ${where}`, parameters)).map(
      versionOfRow,
    );
  return {
    add: ({ id, experiment, name, serialized, endpoint, at }) =>
      sql.transact(async (tx) => {
        const endpoints = await tx.query<{ id: string }>(
          "select id from millwright.llm_endpoint where name = $1 for key share",
          [endpoint ?? null],
        );
        if (endpoint !== undefined && endpoints.length === 0) return "no endpoint";
        const rows = await tx.query<{ id: string; versions: number }>(
          `insert into millwright.scorer as s (id, experiment, name, versions)
           select $1, e.id, $3, 1 from millwright.experiment e where e.id = $2 and e.lifecycle_stage = 'active'
           on conflict (experiment, name) do update set versions = s.versions + 1 returning id, versions`,
          [id, experiment, name],
        );
        const [scorer] = rows;
        if (scorer === undefined) return undefined;
        const bound = endpoints[0]?.id;
        await tx.query(
          `insert into millwright.scorer_version (scorer, version, serialized, endpoint, had_endpoint, created_at)
           values ($1, $2, $3, $4, $5, $6)`,
          [scorer.id, scorer.versions, serialized, bound ?? null, bound !== undefined, at],
        );
        await bind(tx, scorer.id, at);
        const made = await read(tx, "s.id = $1 and v.version = $2", [scorer.id, scorer.versions]);
        return made[0];
      }),
    latest: (experiment) =>
      read(
        sql,
        `s.experiment = $1 and v.version = (select max(o.version) from millwright.scorer_version o where o.scorer = s.id)
         order by s.name`,
        [experiment],
      ),
    versions: (experiment, name) =>
      read(sql, "s.experiment = $1 and s.name = $2 order by v.version", [experiment, name]),
    async get(experiment, name, version) {
      const found = await read(
        sql,
        "s.experiment = $1 and s.name = $2 and ($3::bigint is null or v.version = $3) order by v.version desc limit 1",
        [experiment, name, version ?? null],
      );
      return found[0];
    },
    delete: (experiment, name, version, at) =>
      sql.transact(async (tx) => {
        const gone = await tx.query<{ id: string }>(
          version === undefined
            ? "delete from millwright.scorer where experiment = $1 and name = $2 returning id"
            : `delete from millwright.scorer_version v using millwright.scorer s
               where s.experiment = $1 and s.name = $2 and v.scorer = s.id and v.version = $3::bigint returning s.id`,
          version === undefined ? [experiment, name] : [experiment, name, version],
        );
        if (gone[0] !== undefined) await bind(tx, gone[0].id, at);
        return gone.length > 0;
      }),
    async putOnline({ id, scorer, sampleRate, filter }, at) {
      await sql.query(
        `insert into millwright.online_scoring (id, scorer, sample_rate, filter, updated_at) values ($1, $2, $3, $4, $5)
         on conflict (scorer) do update set id = excluded.id, sample_rate = excluded.sample_rate, filter = excluded.filter,
           updated_at = excluded.updated_at`,
        [id, scorer, sampleRate, filter ?? null, at],
      );
    },
    async online(scorers) {
      const rows = await sql.query<{
        id: string;
        scorer: string;
        experiment: string;
        sample_rate: number;
        filter: string | null;
      }>(
        `select o.id, o.scorer, s.experiment::text as experiment, o.sample_rate, o.filter
         from millwright.online_scoring o join millwright.scorer s on s.id = o.scorer where o.scorer = any($1) order by o.scorer`,
        [scorers],
      );
      return rows.map(({ id, scorer, experiment, sample_rate: sampleRate, filter }) => ({
        ...{ id, scorer, experiment, sampleRate, filter: filter ?? undefined },
      }));
    },
  };
}

/** A scorer uses the endpoint of its latest version, and no other. */
async function bind(sql: Sql, scorer: string, at: number): Promise<void> {
  await sql.query(
    "delete from millwright.llm_binding where resource_type = 'scorer' and resource_id = $1",
    [scorer],
  );
  await sql.query(
    `insert into millwright.llm_binding (endpoint, resource_type, resource_id, display_name, created_at, updated_at)
     select v.endpoint, 'scorer', s.id, s.name, $2, $2 from millwright.scorer s join millwright.scorer_version v on v.scorer = s.id
     where s.id = $1 and v.endpoint is not null
       and v.version = (select max(o.version) from millwright.scorer_version o where o.scorer = s.id)`,
    [scorer, at],
  );
}
