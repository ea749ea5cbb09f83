import { currentOwnerXid } from "@dbos-inc/dbos-sdk/internal/context";
import type { DBOSExecutor } from "@dbos-inc/dbos-sdk/internal/dbos-executor";
import {
  DBOSStepNondeterminismError,
  DBOSWorkflowConflictError,
} from "@dbos-inc/dbos-sdk/internal/error";
import { MillwrightError } from "../errors.ts";
import type { Sql } from "../storage/sql/sql.ts";
import { OPEN, type RunEnd } from "./bookkeeping.ts";
import type { ClaimedRun } from "./claim.ts";
import type { RunState } from "./engine.ts";
import { APPLICATION, JOURNAL_SCHEMA } from "./journal.ts";
import { insist, isAway, type RunRecord } from "./runs.ts";
import { together } from "./together.ts";

type SystemDatabase = DBOSExecutor["systemDatabase"];

/** What people see of a step that is over. */
export interface StepShown {
  readonly position: number;
  readonly by: string;
  readonly state: RunState;
  readonly error?: string | undefined;
}

interface Execution extends ClaimedRun {
  readonly steps: Map<string, StepShown>;
  /** Steps whose rows say that they are going on. */
  open: number;
  end?: RunEnd;
}

interface StepRecord {
  readonly id: string;
  readonly token: string;
  readonly nth: number;
  readonly name: string;
  readonly output: string | null;
  readonly error: string | null;
  readonly began: number;
  readonly ended: number;
  readonly serialization: string | null;
  readonly shown: StepShown | undefined;
}

interface EndRecord {
  readonly id: string;
  readonly token: string;
  readonly output: string | null;
  /** None of its steps is shown as going on. */
  readonly tidy: boolean;
  readonly end: RunEnd | undefined;
}

/**
 * The journal's entries of steps and of ends of runs, written as DBOS 5.3.0 writes them (shared-journal.test.ts compares), but with our
 * rows of the same fact, and for all executions of one moment in one statement: what a small task costs is statements and commits.
 * As in DBOS, nothing is written for an execution that does not own its run any more.
 */
export function sharedJournal(sql: Sql, over: (runId: string) => void) {
  const executions = new Map<string, Execution>();
  const key = (runId: string, token: string | undefined) => `${token} ${runId}`;
  const here = (runId: string) => executions.get(key(runId, currentOwnerXid(runId)));
  const recordStep = together(stepRecords(sql));
  const recordEnd = together(endRecords(sql));

  return {
    holds(runs: readonly ClaimedRun[], token: string): void {
      for (const run of runs)
        executions.set(key(run.id, token), { ...run, steps: new Map(), open: 0 });
    },
    /** Of the execution that asks: its run, unless that is over already. */
    run: (runId: string): RunRecord | undefined => here(runId)?.run,
    /** Whether nobody has executed its run before. */
    stepBegins(runId: string): boolean {
      const execution = here(runId);
      if (execution) execution.open += 1;
      return execution?.nth === 1;
    },
    /** To be written with the step's entry. */
    stepEnds(runId: string, name: string, shown: StepShown): void {
      here(runId)?.steps.set(name, shown);
    },
    /** To be written with the end that DBOS records after the body has returned. */
    runEnds(end: RunEnd): void {
      const execution = here(end.id);
      if (execution) execution.end = end;
    },
    /** It ended without anything to write. */
    forget(runId: string, token = currentOwnerXid(runId)): void {
      executions.delete(key(runId, token));
      over(runId);
    },

    replaceIn(database: SystemDatabase): void {
      const { checkIfCanceled, getOperationResultAndThrowIfCancelled, recordOperationResult } =
        database;
      // Before the body of a step runs, its row is written, for the owner only (bookkeeping.ts): who is cancelled owns nothing.
      database.checkIfCanceled = async (id) => {
        if (!here(id)) await checkIfCanceled.call(database, id);
      };
      // Only this execution has written since the claim, and asks once for each number.
      database.getOperationResultAndThrowIfCancelled = async (id, nth) => {
        const execution = here(id);
        if (execution && nth > execution.journaled) return undefined;
        return getOperationResultAndThrowIfCancelled.call(database, id, nth);
      };
      database.recordOperationResult = async (id, nth, name, check, began, ended, options = {}) => {
        const execution = here(id);
        const token = currentOwnerXid(id);
        if (!execution || token === undefined || options.childWorkflowID)
          return recordOperationResult.call(database, id, nth, name, check, began, ended, options);
        const { output = null, error = null, serialization = null } = options;
        const shown = execution.steps.get(name);
        if (execution.steps.delete(name)) execution.open -= 1;
        const at = await insist(() =>
          recordStep({
            ...{ id, token, nth, name, output, error, began, ended, serialization, shown },
          }),
        );
        if (at === undefined) throw new DBOSWorkflowConflictError(id);
        if (check && at !== ended) throw new DBOSStepNondeterminismError(id, nth);
      };
      database.recordWorkflowOutput = async (id, status, token = currentOwnerXid(id)) => {
        const { end, open, nth } = executions.get(key(id, token)) ?? {};
        const tidy = open === 0 && nth === 1;
        const { output } = status;
        const record = (as: RunEnd | undefined) =>
          insist(() => recordEnd({ id, token: token ?? "", output, tidy, end: as }));
        try {
          return await record(end).catch((error: unknown) => {
            if (end?.state !== "succeeded" || isAway(error)) throw error;
            return record({ id, state: "failed", ...unkeepable(error) });
          });
        } finally {
          executions.delete(key(id, token));
          over(id);
        }
      };
    },
  };
}

export type SharedJournal = ReturnType<typeof sharedJournal>;

const unkeepable = (error: unknown) => ({
  code: error instanceof MillwrightError ? error.code : "internal",
  message: `The run's result could not be kept: ${(error as Error).message}`,
});

/** Answers the time at which each step ended, which is another one where its number was taken; undefined: not the owner. */
const stepRecords = (sql: Sql) => async (calls: readonly StepRecord[]) => {
  const steps = calls.toSorted(byId);
  const rows = await sql.query<{ id: string; nth: number; ended: number }>(
    `with given as (
       select * from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::int8[], $8::int8[], $9::text[],
           $10::text[], $11::text[], $12::int[], $13::text[])
         as t (id, token, nth, name, output, error, began, ended, serialization, state, why, position, by)),
     owned as (
       select g.* from given g join ${JOURNAL_SCHEMA}.workflow_status w on w.workflow_uuid = g.id and w.owner_xid = g.token
       for no key update of w),
     shown as (
       insert into millwright.run_step (run_id, name, position, state, error, by, attempts, started_at, finished_at)
       select id, name, position, state, why, by, 1, to_timestamp(began / 1000.0), now() from owned where state is not null
       on conflict (run_id, name) do update set state = excluded.state, error = excluded.error, finished_at = now())
     insert into ${JOURNAL_SCHEMA}.operation_outputs as old (workflow_uuid, function_id, function_name, output, error,
       started_at_epoch_ms, completed_at_epoch_ms, serialization, application_name, retention_timestamp)
     select id, nth, name, output, error, began, ended, serialization, '${APPLICATION}', (extract(epoch from now()) * 1000)::bigint
     from owned
     on conflict (workflow_uuid, function_id) do update set completed_at_epoch_ms = old.completed_at_epoch_ms
     returning workflow_uuid as id, function_id as nth, completed_at_epoch_ms as ended`,
    [
      ...columns(steps, ["id", "token", "nth", "name", "output", "error", "began", "ended"]),
      ...columns(steps, ["serialization"]),
      steps.map(({ shown }) => shown?.state ?? null),
      steps.map(({ shown }) => shown?.error ?? null),
      steps.map(({ shown }) => shown?.position ?? null),
      steps.map(({ shown }) => shown?.by ?? null),
    ],
  );
  const ended = new Map(rows.map((row) => [`${row.nth} ${row.id}`, row.ended]));
  return calls.map(({ id, nth }) => ended.get(`${nth} ${id}`));
};

/** Answers which of them were written: not those whose run is not theirs any more. */
const endRecords = (sql: Sql) => async (calls: readonly EndRecord[]) => {
  const ends = calls.toSorted(byId);
  const rows = await sql.query<{ id: string }>(
    `with given as (
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
         as t (id, token, journaled, state, output, error, code)),
     ended as (
       update ${JOURNAL_SCHEMA}.workflow_status w set status = 'SUCCESS', owner_xid = null, deduplication_id = null,
         updated_at = (extract(epoch from now()) * 1000)::bigint, completed_at = (extract(epoch from now()) * 1000)::bigint
       from given g where w.workflow_uuid = g.id and coalesce(w.status, '') = 'PENDING' and w.owner_xid = g.token returning g.*),
     journaled as (
       insert into ${JOURNAL_SCHEMA}.workflow_output (workflow_uuid, output) select id, journaled from ended
       on conflict (workflow_uuid) do update set output = excluded.output, error = excluded.error),
     over as (
       update millwright.run r set state = e.state, output = e.output::jsonb, error = e.error, error_code = e.code, progress = null,
         finished_at = now()
       from ended e where e.state is not null and r.id = e.id and r.state in ${OPEN} returning r.id),
     left_open as (
       update millwright.run_step set state = 'cancelled', finished_at = now()
       where run_id = any($8) and run_id in (select id from over) and state in ${OPEN})
     select id from ended`,
    [
      ...columns(ends, ["id", "token", "output"]),
      ends.map(({ end }) => end?.state ?? null),
      ends.map(({ end }) =>
        end?.state === "succeeded" && end.output !== undefined && end.output !== null
          ? JSON.stringify(end.output)
          : null,
      ),
      ends.map(({ end }) => (end?.state === "failed" ? end.message : null)),
      ends.map(({ end }) => (end?.state === "failed" ? end.code : null)),
      ends.filter(({ tidy }) => !tidy).map(({ id }) => id),
    ],
  );
  const written = new Set(rows.map(({ id }) => id));
  return calls.map(({ id }) => written.has(id));
};

/** Who cancels many runs locks them in this order, too. */
const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
  a.id < b.id ? -1 : Number(a.id > b.id);

const columns = <Row, Key extends keyof Row>(rows: readonly Row[], keys: readonly Key[]) =>
  keys.map((name) => rows.map((row) => row[name]));
