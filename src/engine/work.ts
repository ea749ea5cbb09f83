import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { MillwrightError } from "../errors.ts";
import { newId } from "../lib/ids.ts";
import type { Json } from "../lib/json.ts";
import type { Log } from "../lib/log.ts";
import type { Sql } from "../storage/sql/sql.ts";
import { capacityHere } from "./capacity.ts";
import { type ClaimedRun, giveShares } from "./claim.ts";
import { dispatcher } from "./dispatch.ts";
import { drain } from "./drain.ts";
import type { WorkOptions } from "./engine.ts";
import { joinFleet } from "./fleet.ts";
import {
  beginRuns,
  type JournalClient,
  launchJournal,
  recoverRuns,
  stopJournal,
} from "./journal.ts";
import type { Registered } from "./registered.ts";
import { repairRuns, runOwners } from "./repair.ts";
import { describeFailure, type RunFailure, type RunStore } from "./runs.ts";
import { sharedJournal } from "./shared-journal.ts";
import { abandon, durableSteps, isJournalSignal, isOutOfOrder, type StepsDeps } from "./steps.ts";

interface WorkDeps {
  readonly url: string;
  readonly sql: Sql;
  readonly log: Log;
  readonly runs: RunStore;
  readonly journal: JournalClient;
  readonly pipelines: Registered;
}

/**
 * This process executes runs from now on, until `leave`:
 *
 *     heartbeat ─▶ claims and executes ──leave──▶ takes none, steps in flight end ─▶ nothing is journaled any more ─▶ heartbeat's row goes
 */
export async function startWork(
  deps: WorkDeps,
  options: WorkOptions,
): Promise<{ leave(drainMs: number): Promise<void> }> {
  const { url, sql, log, runs, journal, pipelines } = deps;
  const places = options.concurrency ?? Math.max(2, availableParallelism());
  const { queues, has = capacityHere(), limits = async () => ({}) } = options;
  const executorId = newId("exec", Date.now(), () => randomBytes(4).readUInt32LE() / 2 ** 32);
  const active = new Set<string>();
  const stopping = new AbortController();
  const draining = drain();
  let leaving = false;
  let taking: ReturnType<typeof dispatcher> | undefined;

  const fleet = joinFleet({
    ...{ sql, log, id: executorId, recover: recoverRuns, owners: runOwners },
    about: () => ({ queues, places, busy: taking?.busy() ?? 0, has, draining: leaving }),
    repair: repairRuns(runs, journal),
  });
  await fleet.started;
  await giveShares(sql);
  const park = (id: string, parked: boolean) => taking?.park(id, parked);
  const shared = sharedJournal(sql, (runId) => {
    active.delete(runId);
    draining.forget(runId);
    taking?.ended(runId);
  });
  const parts = {
    runs,
    shared,
    by: executorId,
    sql,
    log,
    stopping: stopping.signal,
    park,
    pipelines,
    draining,
  };
  await launchJournal({
    ...{ url, log, executorId, shared },
    async run(runId) {
      active.add(runId);
      try {
        await execute(parts, runId);
      } catch (error) {
        shared.forget(runId);
        throw error;
      }
    },
  });
  const begin = async (claimed: readonly ClaimedRun[], token: string) => {
    shared.holds(claimed, token);
    const failed = await beginRuns(claimed, token);
    for (const id of failed) shared.forget(id, token);
    return failed;
  };
  taking = dispatcher({ sql, log, executorId, queues, places, has, limits, begin });

  return {
    async leave(drainMs) {
      leaving = true;
      await taking?.stop();
      if (drainMs > 0) {
        await fleet.beat().catch(() => {});
        const going = () => [...active].filter((id) => !taking?.isParked(id));
        await draining.wait(going, drainMs);
      }
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
    },
  };
}

/** One execution of a run's body: from the top, with journaled steps answering from the journal. */
async function execute(deps: StepsDeps, runId: string): Promise<void> {
  const { shared, stopping, pipelines } = deps;
  try {
    const run = shared.run(runId);
    if (!run) return;
    const pipeline = pipelines.get(run.pipeline);
    if (!pipeline)
      throw new MillwrightError(
        "not_found",
        `This worker has no pipeline '${run.pipeline}' (it has ${pipelines.names().join(", ") || "none"}). Start the worker with the project that defines it.`,
      );
    const output = await pipeline.run(durableSteps(deps, run), run.input as never);
    if (stopping.aborted) await abandon();
    shared.runEnds({ id: runId, state: "succeeded", output: output as Json });
  } catch (error) {
    if (stopping.aborted) await abandon();
    // Cancelled, or taken over by another process: DBOS keeps this execution from recording anything.
    if (isJournalSignal(error)) throw error;
    shared.runEnds({ id: runId, state: "failed", ...reasonOf(error) });
  }
}

function reasonOf(error: unknown): RunFailure {
  if (isOutOfOrder(error))
    return {
      code: "conflict",
      message:
        "The steps of this run no longer come in the order in which they were recorded: the pipeline's code changed while it was in " +
        "progress, or it decides by what no step gave back (a clock, chance, a file). Submit the run again.",
    };
  const { code, message } = describeFailure(error);
  return { code, message };
}
