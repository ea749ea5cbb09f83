import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { DBOSUnexpectedStepError } from "@dbos-inc/dbos-sdk/internal/error";
import type { ErrorCode } from "../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../errors.ts";
import { newId } from "../lib/ids.ts";
import type { Json } from "../lib/json.ts";
import type { Log } from "../lib/log.ts";
import type { Sql } from "../storage/sql/sql.ts";
import { armCrashPointsFromEnvironment } from "./crash-points.ts";
import type { Engine, Pipeline, Run } from "./engine.ts";
import { joinFleet, workerAlive, workersAlive } from "./fleet.ts";
import {
  type JournalClient,
  launchJournal,
  openJournalClient,
  parkRun,
  prepareJournal,
  recoverRuns,
  stopJournal,
} from "./journal.ts";
import { knownPipeline, placed } from "./placing.ts";
import { cancelRuns, repairRuns, runOwners } from "./repair.ts";
import { describeFailure, insist, type RunFailure, runStore } from "./runs.ts";
import { abandon, durableSteps, isJournalSignal, type StepsDeps } from "./steps.ts";
import { submitRuns } from "./submit.ts";

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
  const pipelines = new Map<string, Pipeline>();
  const active = new Set<string>();
  let client: JournalClient | undefined;
  let stopping = new AbortController();
  let leave: (() => Promise<void>) | undefined;

  const journal = (): JournalClient => {
    if (client) return client;
    throw new MillwrightError("internal", "The engine is not started: call start() first.");
  };
  const known = async (runId: string) => {
    const run = await runs.get(runId);
    if (!run) throw new MillwrightError("not_found", `There is no run '${runId}'.`);
    return run;
  };

  const startWork = async (concurrency: number): Promise<void> => {
    const executorId = newId("exec", Date.now(), () => randomBytes(4).readUInt32LE() / 2 ** 32);
    const fleet = joinFleet({
      sql,
      log,
      id: executorId,
      recover: recoverRuns,
      owners: runOwners,
      repair: repairRuns(runs, journal()),
    });
    await fleet.started;
    const { signal } = stopping;
    await launchJournal({
      url,
      log,
      executorId,
      concurrency,
      run: (runId) =>
        execute({ runs, sql, log, stopping: signal, park: parkRun, pipelines }, active, runId),
    });
    leave = async () => {
      stopping.abort();
      await fleet.rest();
      await stopJournal();
      try {
        await runs.interrupted([...active]);
        await fleet.leave();
      } catch (error) {
        // The others notice a silent process too, a little later.
        log.warn(`left without saying so: ${(error as Error).message}`);
      }
      active.clear();
    };
  };

  return {
    register(pipeline) {
      if (pipelines.has(pipeline.name))
        throw new MillwrightError("invalid_config", `Two pipelines are called '${pipeline.name}'.`);
      pipelines.set(pipeline.name, pipeline);
    },
    async start({ work, concurrency = Math.max(2, availableParallelism()) }) {
      if (client) return;
      armCrashPointsFromEnvironment();
      stopping = new AbortController();
      await sql.transact(async (tx) => {
        await ourTurn(tx);
        await prepareJournal(url, log);
      });
      client = await openJournalClient(url, log);
      if (work) await startWork(concurrency);
    },
    async stop() {
      await leave?.();
      leave = undefined;
      await client?.close();
      client = undefined;
    },
    async submit(pipeline, input, options = {}) {
      if (pipelines.size > 0) knownPipeline(pipelines, pipeline);
      const id =
        options.id ?? newId("run", Date.now(), () => randomBytes(4).readUInt32LE() / 2 ** 32);
      journal();
      await submitRuns(sql, [{ id, pipeline, input, ...placed(options) }]);
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
    hasWorker: () => workerAlive(sql),
    workers: () => workersAlive(sql),
  };
}

/** One execution of a run's body: from the top, with journaled steps answering from the journal. */
async function execute(deps: StepsDeps, active: Set<string>, runId: string): Promise<void> {
  const { runs, stopping, pipelines } = deps;
  active.add(runId);
  try {
    const run = await insist(() => runs.get(runId));
    if (!run || run.finishedAt !== undefined) return;
    const pipeline = pipelines.get(run.pipeline);
    if (!pipeline)
      throw new MillwrightError(
        "not_found",
        `This worker has no pipeline '${run.pipeline}' (it has ${[...pipelines.keys()].join(", ") || "none"}). Start the worker with the project that defines it.`,
      );
    await runs.setState(runId, "running");
    const output = await pipeline.run(durableSteps(deps, runId), run.input as never);
    if (stopping.aborted) await abandon();
    await runs.finish(runId, { state: "succeeded", output: output as Json });
  } catch (error) {
    if (stopping.aborted) await abandon();
    // Cancelled, or taken over by another process: DBOS keeps this execution from recording anything.
    if (isJournalSignal(error)) throw error;
    await runs.finish(runId, { state: "failed", failure: reasonOf(error) });
  } finally {
    active.delete(runId);
  }
}

function reasonOf(error: unknown): RunFailure {
  if (error instanceof DBOSUnexpectedStepError)
    return {
      code: "conflict",
      message:
        "The pipeline's code changed while this run was in progress: its steps no longer come in the order in which they were recorded. " +
        "Submit the run again.",
    };
  const { code, message } = describeFailure(error);
  return { code, message };
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
