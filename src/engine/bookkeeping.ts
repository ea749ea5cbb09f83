import type { Json } from "../lib/json.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { RunState } from "./engine.ts";
import { JOURNAL_SCHEMA } from "./journal.ts";
import { together } from "./together.ts";

/** States that are not final. */
export const OPEN = "('queued', 'running', 'waiting')";

export type RunEnd = { readonly id: string } & (
  | { readonly state: "succeeded"; readonly output: Json | undefined }
  | { readonly state: "failed"; readonly code: string; readonly message: string }
);

export interface StepStart {
  readonly id: string;
  readonly name: string;
  readonly position: number;
  readonly state: "running" | "waiting";
  /** The process that begins it. */
  readonly by: string;
  /** Its right to: the journal's token of this execution. */
  readonly token: string | undefined;
  /** Nobody has executed this run before. */
  readonly first: boolean;
}

export interface StepEnd {
  readonly id: string;
  readonly name: string;
  /** Nothing is written where another process has begun it since. */
  readonly by: string;
  readonly state: RunState;
  readonly error?: string | undefined;
}

/** What an execution writes about itself, runs of the same moment together. Every write is safe to repeat. */
export function bookkeeping(sql: Sql) {
  return {
    /**
     * How often a process died in the middle of it; undefined where the run is no longer of this execution. In the first execution of a
     * run it does not wait for the disk: if the database dies before it is there, then neither is the step's entry, which comes later in
     * its log. A step that takes the database's machine with it is counted from its second time on.
     */
    stepStarted: together<StepStart, number | undefined>(async (steps) => {
      const rows = await sql.query<{ run_id: string; name: string; crashes: number }>(
        `with soon as (select set_config('synchronous_commit',
           case when $7 then 'off' else current_setting('synchronous_commit') end, true))
         insert into millwright.run_step as s (run_id, name, position, state, by, attempts, started_at)
         select t.id, t.name, t.position, t.state, t.by, 1, now()
         from soon, unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[]) as t (id, name, position, state, by, token)
         join ${JOURNAL_SCHEMA}.workflow_status w on w.workflow_uuid = t.id and w.owner_xid = t.token
         on conflict (run_id, name) do update set
           attempts = s.attempts + 1,
           crashes = s.crashes + (s.state = 'running' and s.by is distinct from excluded.by)::int,
           by = excluded.by,
           state = excluded.state, finished_at = null, error = null,
           started_at = coalesce(s.started_at, now())
         returning run_id, name, crashes`,
        [
          steps.map(({ id }) => id),
          steps.map(({ name }) => name),
          steps.map(({ position }) => position),
          steps.map(({ state }) => state),
          steps.map(({ by }) => by),
          steps.map(({ token }) => token ?? null),
          steps.every(({ first }) => first),
        ],
      );
      const crashes = new Map(rows.map((row) => [`${row.run_id} ${row.name}`, row.crashes]));
      return steps.map(({ id, name }) => crashes.get(`${id} ${name}`));
    }),

    stepEnded: together<StepEnd, void>(async (steps) => {
      await sql.query(
        `update millwright.run_step s set state = t.state, error = t.error,
           finished_at = case when t.state = 'queued' then null else now() end
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as t (run_id, name, state, error, by)
         where s.run_id = t.run_id and s.name = t.name and s.by = t.by`,
        [
          steps.map(({ id }) => id),
          steps.map(({ name }) => name),
          steps.map(({ state }) => state),
          steps.map(({ error }) => error ?? null),
          steps.map(({ by }) => by),
        ],
      );
      return steps.map(() => undefined);
    }),

    finish: together<RunEnd, void>(async (ends) => {
      await sql.query(
        `with ended as (
           update millwright.run r set state = t.state, output = t.output::jsonb, error = t.error,
             error_code = t.code, progress = null, finished_at = now()
           from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
             as t (id, state, output, error, code)
           where r.id = t.id and r.state in ${OPEN} returning r.id)
         update millwright.run_step set state = 'cancelled', finished_at = now()
         where run_id in (select id from ended) and state in ${OPEN}`,
        [
          ends.map(({ id }) => id),
          ends.map(({ state }) => state),
          ends.map((end) =>
            end.state === "succeeded" && end.output !== undefined && end.output !== null
              ? JSON.stringify(end.output)
              : null,
          ),
          ends.map((end) => (end.state === "failed" ? end.message : null)),
          ends.map((end) => (end.state === "failed" ? end.code : null)),
        ],
      );
      return ends.map(() => undefined);
    }),
  };
}
