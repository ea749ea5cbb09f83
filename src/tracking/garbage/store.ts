import type { Digest } from "../../lib/digest.ts";
import type { Sql } from "../../storage/sql/sql.ts";
import type { Owner } from "./owner.ts";

/** Tables with a column `run` that holds the `seq` of a run, and nothing but what belongs to it. */
const OF_RUNS = [
  "metric",
  "latest_metric",
  "param",
  "run_tag",
  "run_dataset",
  "run_model",
] as const;

const DELETED = {
  run: `millwright.tracked_run o join millwright.experiment e on e.id = o.experiment
    where ((o.lifecycle_stage = 'deleted' and o.deleted_at < $1)
      or (e.lifecycle_stage = 'deleted' and e.updated_at < $1))`,
  model: `millwright.logged_model o join millwright.experiment e on e.id = o.experiment
    where ((o.lifecycle_stage = 'deleted' and o.updated_at < $1)
      or (e.lifecycle_stage = 'deleted' and e.updated_at < $1))`,
} as const;

interface EmptyExperiment {
  readonly id: string;
  readonly artifactUri: string;
  /** Clients may have kept their spans as files. */
  readonly traces: readonly string[];
}

/** What was deleted before some time (milliseconds since 1970), and how it goes for good. */
export function garbageStore(sql: Sql) {
  return {
    async owners(kind: Owner["kind"], before: number): Promise<Owner[]> {
      const rows = await sql.query<{ id: string; artifact_uri: string }>(
        `select o.id, o.artifact_uri from ${DELETED[kind]} order by o.id`,
        [before],
      );
      return rows.map((row) => ({ kind, id: row.id, artifactUri: row.artifact_uri }));
    },

    /**
     * Removes an owner with all that was logged to it, after `files` has removed its files. It cannot be restored meanwhile. false:
     * it is no longer deleted, and nothing was done.
     */
    remove: ({ kind, id }: Owner, before: number, files: () => Promise<void>): Promise<boolean> =>
      sql.transact(async (tx) => {
        // The experiment first, as whoever restores it does.
        await tx.query(
          `select 1 from millwright.experiment where id = (
             select o.experiment from millwright.${kind === "run" ? "tracked_run" : "logged_model"} o where o.id = $1
           ) for no key update`,
          [id],
        );
        const [row] = await tx.query<{ seq: number | null }>(
          `select ${kind === "run" ? "o.seq" : "null as seq"} from ${DELETED[kind]} and o.id = $2
           for update of o`,
          [before, id],
        );
        if (!row) return false;
        await files();
        if (kind === "model") {
          await tx.query("delete from millwright.logged_model where id = $1", [id]);
          return true;
        }
        for (const table of OF_RUNS)
          await tx.query(`delete from millwright.${table} where run = $1`, [row.seq]);
        await tx.query("delete from millwright.trace_link where kind = 'run' and target = $1", [
          id,
        ]);
        await tx.query("delete from millwright.tracked_run where id = $1", [id]);
        return true;
      }),

    /**
     * Experiments deleted before of whose runs and models nothing is left, or would be left when all but those named went. They go
     * with tags, datasets and traces.
     */
    async emptyExperiments(
      before: number,
      staying: readonly string[] | undefined,
    ): Promise<readonly EmptyExperiment[]> {
      const left = (table: string): string =>
        `select 1 from millwright.${table} o where o.experiment = e.id and ($2::text[] is null or o.id = any ($2))`;
      return sql.query(
        `select e.id::text, e.artifact_location as "artifactUri", array(
           select t.id from millwright.trace t where t.experiment = e.id order by t.id
         ) as traces
         from millwright.experiment e where e.lifecycle_stage = 'deleted' and e.updated_at < $1 and e.id <> 0
           and not exists (${left("tracked_run")}) and not exists (${left("logged_model")})
         order by e.id`,
        [before, staying ?? null],
      );
    },

    removeExperiment: (id: string, before: number, files: () => Promise<void>): Promise<boolean> =>
      sql.transact(async (tx) => {
        const rows = await tx.query(
          `select 1 from millwright.experiment where id = $1 and lifecycle_stage = 'deleted' and updated_at < $2
           for update`,
          [id, before],
        );
        if (rows.length === 0) return false;
        await files();
        await tx.query("delete from millwright.experiment where id = $1", [id]);
        return true;
      }),

    /** Remembers contents that no artifact has, such as those of uploads that broke off in the last moment. */
    async noteOrphans(digests: readonly Digest[]): Promise<void> {
      await sql.query(
        `insert into millwright.artifact_garbage (digest)
         select found.digest from unnest($1::text[]) as found (digest)
         where not exists (select 1 from millwright.artifact a where a.digest = found.digest)
         on conflict (digest) do nothing`,
        [digests],
      );
    },

    /** Contents that no artifact has had since `before`. */
    async unused(before: number): Promise<Digest[]> {
      const rows = await sql.query<{ digest: Digest }>(
        `select digest from millwright.artifact_garbage g where since < $1
           and not exists (select 1 from millwright.artifact a where a.digest = g.digest)
         order by digest`,
        [new Date(before)],
      );
      return rows.map((row) => row.digest);
    },

    /**
     * Those of the digests that are written anywhere: in any column of ours or of the engine's journal that could hold a text.
     * Contents of artifacts are theirs alone; this is for whoever refers to one all the same.
     */
    async mentioned(digests: readonly Digest[]): Promise<ReadonlySet<Digest>> {
      const hex = new Map(digests.map((digest) => [digest.slice(7), digest]));
      const found = new Set<Digest>();
      for (const { place, text } of await textColumns(sql)) {
        const rows = await sql.query<{ digits: string }>(
          `select distinct run.digits[1] as digits
           from (select ${text} as searched from ${place}) there,
             lateral regexp_matches(there.searched, '[0-9a-f]{64,}', 'g') as run (digits)
           where there.searched ~ '[0-9a-f]{64}'`,
        );
        for (const { digits } of rows) {
          // In a longer run of digits it may begin anywhere.
          for (let at = 0; at + 64 <= digits.length; at++) {
            const digest = hex.get(digits.slice(at, at + 64));
            if (digest !== undefined) found.add(digest);
          }
        }
      }
      return found;
    },

    /** Forgets a content that `remove` removes; when that says false, it is remembered still. */
    forget: (digest: Digest, remove: () => Promise<boolean>): Promise<boolean> =>
      sql.transact(async (tx) => {
        const rows = await tx.query(
          `select 1 from millwright.artifact_garbage g where digest = $1
             and not exists (select 1 from millwright.artifact a where a.digest = g.digest) for update`,
          [digest],
        );
        if (rows.length === 0 || !(await remove())) return false;
        await tx.query("delete from millwright.artifact_garbage where digest = $1", [digest]);
        return true;
      }),

    /** Those that an artifact has again. */
    async forgetUsed(): Promise<void> {
      await sql.query(
        `delete from millwright.artifact_garbage g
         where exists (select 1 from millwright.artifact a where a.digest = g.digest)`,
      );
    },
  };
}

export type GarbageStore = ReturnType<typeof garbageStore>;

/** Types that no digest fits into. */
const NUMBERS =
  "bool int2 int4 int8 float4 float8 numeric oid date time timetz timestamp timestamptz interval uuid".split(
    " ",
  );

async function textColumns(sql: Sql): Promise<{ place: string; text: string }[]> {
  return sql.query(
    `select format('%I.%I', n.nspname, c.relname) as place,
       case t.typname when 'bytea' then format('encode(%I, ''escape'')', a.attname)
         else format('%I::text', a.attname) end as text
     from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
       join pg_type t on t.oid = a.atttypid
     where n.nspname in ('millwright', 'dbos') and c.relkind in ('r', 'm') and a.attnum > 0
       and not a.attisdropped and t.typname <> all ($1::text[])
       and (n.nspname, c.relname) <> ('millwright', 'artifact_garbage')
     order by 1, 2`,
    [NUMBERS],
  );
}
