import { setTimeout as sleep } from "node:timers/promises";
import { currentOwnerXid } from "@dbos-inc/dbos-sdk/internal/context";
import { DBOSWorkflowConflictError } from "@dbos-inc/dbos-sdk/internal/error";
import { MillwrightError } from "../errors.ts";
import type { Json } from "../lib/json.ts";
import type { Sql } from "../storage/sql/sql.ts";
import { bookkeeping, OPEN, type RunEnd, type StepEnd, type StepStart } from "./bookkeeping.ts";
import type { Run, RunFilter, RunState, RunStep } from "./engine.ts";

/**
 * The rows people look at. A run moves queued → running ⇄ waiting → succeeded | failed | cancelled; the last three are final,
 * and no statement here leaves them: that makes every write safe to repeat after a crash.
 */
/** A run outlives an outage of the database of this length. */
const OUTAGE_MS = 15 * 60_000;

/**
 * For what may be done twice: again and again while the database is away. A step whose work is done must not be repeated, nor a
 * run fail, because its bookkeeping met a restart of the database.
 */
export async function insist<T>(deed: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + OUTAGE_MS;
  for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
    try {
      return await deed();
    } catch (error) {
      if (!isAway(error) || Date.now() > deadline) throw error;
    }
    await sleep(pause);
  }
}

export const isAway = (error: unknown): boolean =>
  error instanceof MillwrightError && error.code === "unavailable";

export interface RunFailure {
  readonly code: string;
  readonly message: string;
}

export interface RunRow {
  id: string;
  pipeline: string;
  state: RunState;
  queue: string;
  priority: number;
  share: string;
  parent_id: string | null;
  parent_step: string | null;
  input: Json;
  output: Json;
  error: string | null;
  error_code: string | null;
  progress: { step: string; message: string; fraction?: number } | null;
  created_at: number;
  finished_at: number | null;
}

export type RunRecord = Run & { readonly errorCode: string | undefined };

export function runStore(sql: Sql) {
  const books = bookkeeping(sql);
  const one = async (id: string): Promise<RunRecord | undefined> => {
    const [row] = await sql.query<RunRow>("select * from millwright.run where id = $1", [id]);
    return row && toRun(row);
  };

  const insistOn = <Row>(text: string, parameters: readonly unknown[]): Promise<Row[]> =>
    insist(() => sql.query<Row>(text, parameters));

  return {
    get: one,

    async list(filter: RunFilter): Promise<Run[]> {
      const rows = await sql.query<RunRow>(
        `select * from millwright.run
         where ($1::text is null or pipeline = $1) and ($2::text is null or state = $2)
           and ${filter.parent === undefined ? "parent_id is null and $4::text is null" : "parent_id = $4"}
         order by created_at desc, id desc limit $3`,
        [filter.pipeline ?? null, filter.state ?? null, filter.limit ?? 100, filter.parent ?? null],
      );
      return rows.map(toRun);
    },

    async steps(id: string): Promise<RunStep[]> {
      const rows = await sql.query<{
        name: string;
        state: RunState;
        attempts: number;
        started_at: number | null;
        finished_at: number | null;
        error: string | null;
      }>("select * from millwright.run_step where run_id = $1 order by position, name", [id]);
      return rows.map((row) => ({
        name: row.name,
        state: row.state,
        attempts: row.attempts,
        startedAt: row.started_at ?? undefined,
        finishedAt: row.finished_at ?? undefined,
        error: row.error ?? undefined,
      }));
    },

    async setState(id: string, state: "running" | "waiting"): Promise<void> {
      await insistOn(
        `update millwright.run set state = $2, started_at = coalesce(started_at, now())
         where id = $1 and state in ${OPEN}`,
        [id, state],
      );
    },

    async setProgress(id: string, progress: NonNullable<Run["progress"]>): Promise<void> {
      await sql.query(
        `update millwright.run set progress = $2 where id = $1 and state in ${OPEN}`,
        [id, JSON.stringify(progress)],
      );
    },

    /**
     * Returns how often a process died (was not stopped, died) in the middle of this step. Throws what DBOS throws where this execution
     * does not own the run any more.
     */
    async stepStarted(id: string, step: Omit<StepStart, "id" | "token">): Promise<number> {
      const start = { ...step, id, token: currentOwnerXid(id) };
      const crashes = await insist(() => books.stepStarted(start));
      if (crashes === undefined) throw new DBOSWorkflowConflictError(id);
      return crashes;
    },

    /** `queued`: to be tried again, with the last error. */
    stepEnded: (end: StepEnd): Promise<void> => insist(() => books.stepEnded(end)),

    /** The engine of this process stops on purpose: what its runs were doing will be done again, and is no crash. */
    async interrupted(ids: readonly string[]): Promise<void> {
      await sql.query(
        `update millwright.run_step set state = 'queued' where run_id = any($1) and state = 'running'`,
        [ids],
      );
    },

    /** Runs that go on though the run that started them is over. */
    async orphans(tx: Sql): Promise<string[]> {
      const rows = await tx.query<{ id: string }>(
        `select c.id from millwright.run c join millwright.run p on p.id = c.parent_id
         where c.state in ${OPEN} and p.state not in ${OPEN} limit 10000`,
      );
      return rows.map(({ id }) => id);
    },

    async openChildren(ids: readonly string[]): Promise<string[]> {
      const rows = await sql.query<{ id: string }>(
        `select id from millwright.run where parent_id = any($1) and state in ${OPEN}`,
        [ids],
      );
      return rows.map(({ id }) => id);
    },

    async cancelled(ids: readonly string[]): Promise<void> {
      await insistOn(
        `with ended as (
           update millwright.run set state = 'cancelled', progress = null, finished_at = now()
           where id = any($1) and state in ${OPEN} returning id)
         update millwright.run_step set state = 'cancelled', finished_at = now()
         where run_id in (select id from ended) and state in ${OPEN}`,
        [ids],
      );
    },

    finish: (end: RunEnd): Promise<void> => insist(() => books.finish(end)),
  };
}

export type RunStore = ReturnType<typeof runStore>;

export const toRun = (row: RunRow): RunRecord => ({
  id: row.id,
  pipeline: row.pipeline,
  state: row.state,
  queue: row.queue,
  priority: row.priority,
  share: row.share,
  parent: row.parent_id === null ? undefined : { id: row.parent_id, step: row.parent_step ?? "" },
  input: row.input,
  output: row.output ?? undefined,
  error: row.error ?? undefined,
  errorCode: row.error_code ?? undefined,
  createdAt: row.created_at,
  finishedAt: row.finished_at ?? undefined,
  progress: row.progress
    ? {
        step: row.progress.step,
        message: row.progress.message,
        fraction: row.progress.fraction ?? undefined,
      }
    : undefined,
});

/** In words, and whether trying again could help. */
export function describeFailure(error: unknown): RunFailure & { retryable: boolean } {
  if (error instanceof MillwrightError)
    return { code: error.code, message: error.message, retryable: error.retryable };
  const message =
    error instanceof Error ? `${error.name}: ${error.message}` : `thrown: ${String(error)}`;
  return { code: "internal", message, retryable: true };
}
