import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ErrorCode } from "../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../errors.ts";
import { newId } from "../lib/ids.ts";
import type { Log } from "../lib/log.ts";
import type { Sql } from "../storage/sql/sql.ts";
import { armCrashPointsFromEnvironment } from "./crash-points.ts";
import type { Engine, Run } from "./engine.ts";
import { workerAlive } from "./fleet.ts";
import { type JournalClient, openJournalClient, prepareJournal } from "./journal.ts";
import { loadOf, workersOf } from "./load.ts";
import { knownPipeline, placed } from "./placing.ts";
import { registeredPipelines } from "./registered.ts";
import { cancelRuns } from "./repair.ts";
import { runStore } from "./runs.ts";
import { submitRuns } from "./submit.ts";
import { startWork } from "./work.ts";

const WAIT_POLL_MS = 150;

/**
 * The `Engine` on DBOS Transact, in the PostgreSQL of `url` (`sql` is our own connection to the same database, migrated).
 *
 * One engine with `work: true` per process, since DBOS is a static class; any number with `work: false`. After `stop()` the
 * process may end, or `start()` again. A run interrupted by `stop()` or by the death of the process is taken over by another
 * worker within a second on the same host, 8 s across hosts, or by the next one that starts.
 */
export function dbosEngine(deps: { url: string; sql: Sql; log: Log }): Engine {
  const { url, sql, log } = deps;
  const runs = runStore(sql);
  const pipelines = registeredPipelines();
  let client: JournalClient | undefined;
  let working: Awaited<ReturnType<typeof startWork>> | undefined;

  const journal = (): JournalClient => {
    if (client) return client;
    throw new MillwrightError("internal", "The engine is not started: call start() first.");
  };
  const known = async (runId: string) => {
    const run = await runs.get(runId);
    if (!run) throw new MillwrightError("not_found", `There is no run '${runId}'.`);
    return run;
  };

  return {
    register: pipelines.add,
    registerOthers: pipelines.others,
    async start(options) {
      if (client) return;
      armCrashPointsFromEnvironment();
      await sql.transact(async (tx) => {
        await ourTurn(tx);
        await prepareJournal(url, log);
      });
      client = await openJournalClient(url, log);
      if (options.work)
        working = await startWork({ url, sql, log, runs, journal: client, pipelines }, options);
    },
    async stop({ drainMs = 0 } = {}) {
      await working?.leave(drainMs);
      working = undefined;
      await client?.close();
      client = undefined;
    },
    async submit(pipeline, input, options = {}) {
      const known = pipelines.names().length > 0 ? knownPipeline(pipelines, pipeline) : undefined;
      const placing = placed(options, (await known?.placing?.(input as never)) ?? {});
      const id =
        options.id ?? newId("run", Date.now(), () => randomBytes(4).readUInt32LE() / 2 ** 32);
      journal();
      await submitRuns(sql, [{ id, pipeline, input, placed: placing }]);
      return id;
    },
    get: (runId) => runs.get(runId),
    steps: (runId) => runs.steps(runId),
    list: (filter = {}) => runs.list(filter),
    async wait<T>(runId: string, onChange?: (run: Run) => void): Promise<T> {
      let before = "";
      for (;;) {
        const run = await known(runId);
        const now = JSON.stringify([run.state, run.progress]);
        if (now !== before) onChange?.(run);
        before = now;
        if (run.state === "succeeded") return (run.output ?? null) as T;
        if (run.state === "failed" || run.state === "cancelled") throw endOf(run);
        await sleep(WAIT_POLL_MS);
      }
    },
    async signal(runId, topic, payload) {
      const run = await known(runId);
      if (run.finishedAt !== undefined)
        throw new MillwrightError(
          "conflict",
          `Run '${runId}' is over (${run.state}); nobody waits for '${topic}' any more.`,
        );
      await journal().send(runId, topic, payload);
    },
    async cancel(runId) {
      const run = await known(runId);
      if (run.finishedAt !== undefined) return;
      await cancelRuns({ runs, journal: journal() }, [runId]);
    },
    hasWorker: (queue) => workerAlive(sql, queue),
    workers: () => workersOf(sql),
    load: () => loadOf(sql),
  };
}

const endOf = (run: Run & { errorCode: string | undefined }): MillwrightError =>
  run.state === "cancelled"
    ? new MillwrightError("cancelled", `Run '${run.id}' was cancelled.`)
    : new MillwrightError(
        (run.errorCode ?? "internal") as ErrorCode,
        run.error ?? "no reason given",
        {
          details: { runId: run.id },
        },
      );

/**
 * DBOS's own migrations fail when two processes run them at once. Polled: a statement that waits for the lock would hold a
 * snapshot, and the `create index concurrently` of the migrations waits for every snapshot.
 */
async function ourTurn(tx: Sql): Promise<void> {
  for (;;) {
    const [lock] = await tx.query<{ ours: boolean }>(
      "select pg_try_advisory_xact_lock(hashtext('millwright.journal')) as ours",
    );
    if (lock?.ours) return;
    await sleep(50);
  }
}
