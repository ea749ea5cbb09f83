import { DBOSJSON } from "@dbos-inc/dbos-sdk/internal/serialization";
import type { Sql } from "../storage/sql/sql.ts";
import {
  APPLICATION,
  inputInJournal,
  JOURNAL_SCHEMA,
  queueInJournal,
  shareInJournal,
  VERSION,
  WORKFLOW,
} from "./journal.ts";
import type { Placed } from "./placing.ts";

export interface NewRun {
  readonly id: string;
  readonly pipeline: string;
  readonly input: unknown;
  readonly placed: Placed;
}

/** What the journal must know of it. */
type Due = Pick<NewRun, "id"> & { readonly placed: Pick<Placed, "queue" | "priority" | "share"> };

export interface Parent {
  readonly id: string;
  readonly step: string;
}

/** Rows in one statement: some hundred KB for inputs of some KB each. */
const AT_ONCE = 500;

/**
 * Into the journal's queue, as DBOS's own `enqueueWorkflows` writes it (5.3). $1…$5 hold ids, inputs for DBOS, queues, priorities and
 * shares of the table `due`. DBOS's smallest number goes first.
 */
const INTO_QUEUE = `
  queued as (
    insert into ${JOURNAL_SCHEMA}.workflow_status (workflow_uuid, status, name, queue_name, priority, queue_partition_key,
      application_version, application_name, authenticated_user, assumed_role, authenticated_roles, executor_id, application_id, recovery_attempts,
      serialization, created_at, updated_at)
    select id, 'ENQUEUED', '${WORKFLOW}', queue, priority, share, '${VERSION}', '${APPLICATION}', '', '', '[]', '', '', 0,
      '${DBOSJSON.name()}', now_ms, now_ms
    from due, (select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms) as clock
    on conflict (workflow_uuid) do nothing returning workflow_uuid)
  insert into ${JOURNAL_SCHEMA}.workflow_input (workflow_uuid, inputs)
  select id, input from due join queued on queued.workflow_uuid = id
  on conflict (workflow_uuid) do nothing`;

const journalColumns = (runs: readonly Due[]) => [
  runs.map(({ id }) => id),
  runs.map(({ id }) => inputInJournal(id)),
  runs.map(({ placed }) => queueInJournal(placed.queue)),
  runs.map(({ placed }) => -placed.priority),
  runs.map(({ placed }) => shareInJournal(placed.share)),
];

/**
 * Rows and their places in the queue, in one statement for up to 500 of them: a run is there and queued, or not there. Ids that exist
 * are left as they are. With a parent that is over, nothing is added.
 */
export async function submitRuns(
  sql: Sql,
  runs: readonly NewRun[],
  parent?: Parent,
): Promise<void> {
  for (let from = 0; from < runs.length; from += AT_ONCE) {
    const some = runs.slice(from, from + AT_ONCE);
    await sql.query(
      `with parent as (
         select id from millwright.run
         where id = $10 and state in ('queued', 'running', 'waiting') for share),
       given as (
         select * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[],
             $6::text[], $7::text[], $8::jsonb[], $9::int[])
           as t (id, input, queue, priority, share, pipeline, run_input, place_of, place)
         where $10::text is null or exists (select from parent)),
       fresh as (
         insert into millwright.run (id, pipeline, state, input, parent_id, parent_step, place,
           queue, priority, share, need_cpu, need_memory, need_gpu)
         select id, pipeline, 'queued', run_input::jsonb, $10, $11, place, place_of->>'queue', -priority, place_of->>'share',
           (place_of->'needs'->>'cpu')::real, (place_of->'needs'->>'memory')::bigint, (place_of->'needs'->>'gpu')::int
         from given
         on conflict (id) do nothing returning run.id),
       due as (select given.* from given join fresh using (id)),
       ${INTO_QUEUE}`,
      [
        ...journalColumns(some),
        some.map(({ pipeline }) => pipeline),
        some.map(({ input }) => JSON.stringify(input ?? null)),
        some.map(({ placed }) => JSON.stringify({ ...placed, needs: whole(placed.needs) })),
        some.map((_, i) => (parent ? from + i : null)),
        parent?.id ?? null,
        parent?.step ?? null,
      ],
    );
  }
}

const whole = ({ cpu, memory, gpu }: Placed["needs"]) => ({
  ...{ cpu, memory: Math.ceil(memory), gpu: Math.ceil(gpu) },
});

/** Rows of runs that have no place in the queue get theirs. */
export async function queueAgain(sql: Sql, runs: readonly Due[]): Promise<void> {
  if (runs.length === 0) return;
  await sql.query(
    `with due as (select * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[]) as t (id, input, queue, priority, share)),
     ${INTO_QUEUE}`,
    journalColumns(runs),
  );
}
