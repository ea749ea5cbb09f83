import type { Digest } from "../../lib/digest.ts";
import type { Sql } from "../../storage/sql/sql.ts";
import type { JobEnd } from "../jobs.ts";
import type { PlaceOptions, RemoteWork } from "../remote/place.ts";

export type JobOutcome =
  | JobEnd
  /** The place has it no more; the next attempt is another row. */
  | { readonly lost: string }
  /** Its run is over without it. */
  | { readonly dropped: true };

export interface JobRow {
  readonly id: string;
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly place: PlaceOptions;
  readonly work: RemoteWork;
  readonly tokenHashes: readonly string[];
  readonly tokenUntil: number | undefined;
  readonly results: Readonly<Record<string, { readonly digest: Digest; readonly bytes: number }>>;
  readonly mark: string;
  readonly tail: readonly string[];
  readonly outcome: JobOutcome | undefined;
  readonly createdAt: number;
}

interface Row {
  id: string;
  run_id: string;
  step: string;
  attempt: number;
  place: PlaceOptions;
  work: RemoteWork;
  token_hashes: string[];
  token_until: number | null;
  results: JobRow["results"];
  mark: string;
  tail: string[];
  outcome: JobOutcome | null;
  created_at: number;
}

export function jobStore(sql: Sql) {
  const one = async (text: string, values: readonly unknown[]): Promise<JobRow | undefined> => {
    const [row] = await sql.query<Row>(text, values);
    return row && toJob(row);
  };
  return {
    get: (id: string) => one("select * from millwright.remote_job where id = $1", [id]),

    last: (run: string, step: string) =>
      one(
        "select * from millwright.remote_job where run_id = $1 and step = $2 order by attempt desc limit 1",
        [run, step],
      ),

    /** The row there is, where somebody came first. */
    async add(job: Pick<JobRow, "id" | "run" | "step" | "attempt" | "place" | "work">) {
      await sql.query(
        `insert into millwright.remote_job (id, run_id, step, attempt, place, work)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
        [
          ...[job.id, job.run, job.step, job.attempt],
          ...[JSON.stringify(job.place), JSON.stringify(job.work)],
        ],
      );
      return (await this.get(job.id))!;
    },

    /** One more token is good for it, all of them until then (milliseconds since 1970). */
    async allow(id: string, hash: string, until: number): Promise<void> {
      await sql.query(
        `update millwright.remote_job set token_hashes = array_append(token_hashes, $2),
           token_until = to_timestamp($3::float8 / 1000) where id = $1`,
        [id, hash, until],
      );
    },

    /** False: the job is over. */
    async received(id: string, name: string, file: { digest: Digest; bytes: number }) {
      const rows = await sql.query(
        `update millwright.remote_job set results = results || jsonb_build_object($2::text, $3::jsonb)
         where id = $1 and ended_at is null returning id`,
        [id, name, JSON.stringify(file)],
      );
      return rows.length > 0;
    },

    async heard(id: string, mark: string, tail: readonly string[]): Promise<void> {
      await sql.query("update millwright.remote_job set mark = $2, tail = $3 where id = $1", [
        ...[id, mark, JSON.stringify(tail)],
      ]);
    },

    /** The first outcome stands, and is what comes back. */
    async end(id: string, outcome: JobOutcome): Promise<JobOutcome> {
      await sql.query(
        `update millwright.remote_job set outcome = $2, ended_at = now() where id = $1 and outcome is null`,
        [id, JSON.stringify(outcome)],
      );
      return (await this.get(id))?.outcome ?? outcome;
    },

    /** Of runs that are over: jobs that go on, and, `afterMs` later, those whose files are kept. */
    async left(limit: number, afterMs: number): Promise<JobRow[]> {
      const rows = await sql.query<Row>(
        `select j.* from millwright.remote_job j left join millwright.run r on r.id = j.run_id
         where j.cleared_at is null and (r.id is null or r.finished_at is not null)
           and (j.ended_at is null or coalesce(r.finished_at, j.ended_at) < now() - $2 * interval '1 millisecond')
         order by j.created_at limit $1`,
        [limit, afterMs],
      );
      return rows.map(toJob);
    },

    /** Of these files, those that a job needs whose files are kept. */
    async needed(digests: readonly Digest[], except: string): Promise<Set<string>> {
      const rows = await sql.query<{ digest: string }>(
        `select distinct f->>'digest' as digest
         from millwright.remote_job j, lateral (
           select jsonb_array_elements(j.work->'files') as f
           union all select value from jsonb_each(j.results)) files
         where j.cleared_at is null and j.id <> $2 and f->>'digest' = any($1)`,
        [[...digests], except],
      );
      return new Set(rows.map(({ digest }) => digest));
    },

    async cleared(id: string): Promise<void> {
      await sql.query(
        `update millwright.remote_job set cleared_at = now(), token_hashes = '{}' where id = $1`,
        [id],
      );
    },
  };
}

export type JobStore = ReturnType<typeof jobStore>;

const toJob = (row: Row): JobRow => ({
  ...{ id: row.id, run: row.run_id, step: row.step, attempt: row.attempt },
  ...{ place: row.place, work: row.work, results: row.results, mark: row.mark, tail: row.tail },
  tokenHashes: row.token_hashes,
  tokenUntil: row.token_until ?? undefined,
  outcome: row.outcome ?? undefined,
  createdAt: row.created_at,
});
