import { setTimeout as sleep } from "node:timers/promises";
import { DBOS } from "@dbos-inc/dbos-sdk";
import {
  DBOSUnexpectedStepError,
  DBOSWorkflowCancelledError,
  DBOSWorkflowConflictError,
} from "@dbos-inc/dbos-sdk/internal/error";
import type { ErrorCode } from "../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../errors.ts";
import { crashPoint } from "../lib/crash-point.ts";
import type { Json } from "../lib/json.ts";
import type { Log } from "../lib/log.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { Drain } from "./drain.ts";
import type { FanOutResult, Placing, RunState, StepContext, Steps } from "./engine.ts";
import { childOutcomes, childRuns, childrenOver } from "./fan-out.ts";
import { fanOutProgress } from "./fan-out-progress.ts";
import { knownPipeline, type Placed } from "./placing.ts";
import { progressWriter } from "./progress.ts";
import type { Registered } from "./registered.ts";
import { describeFailure, insist, type RunStore } from "./runs.ts";
import type { SharedJournal } from "./shared-journal.ts";
import { submitRuns } from "./submit.ts";

/** Unknown errors are tried this often again, waiting 0.5 s, 1 s, … in between. */
const DEFAULT_RETRIES = 2;
const DEFAULT_BACKOFF_MS = 500;
/** A step in whose middle the process has died this often is not started again: it probably kills its process (memory). */
const MAX_CRASHES = 5;

export interface StepsDeps {
  readonly runs: RunStore;
  readonly shared: Pick<SharedJournal, "run" | "stepBegins" | "stepEnds" | "runEnds">;
  /** This process. */
  readonly by: string;
  readonly sql: Sql;
  readonly pipelines: Pick<Registered, "get" | "names">;
  readonly log: Log;
  /** Aborts when this process's engine stops. */
  readonly stopping: AbortSignal;
  /** A waiting run does not count against the worker's concurrency. */
  readonly park: (runId: string, parked: boolean) => void;
  readonly draining: Pick<Drain, "begins" | "ends">;
}

/** What the journal keeps of a step. Errors are kept as values: so they come back as our own class after a restart. */
type Outcome =
  | { readonly ok: true; readonly value?: Json }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly details?: Json;
    };

/** This process stops; whoever takes the run over repeats what was in flight. Nothing may be journaled any more. */
export const abandon = (): Promise<never> => new Promise(() => {});

/** The step was ended by DBOS (cancelled, or another process owns the run now): not an outcome of the step. */
export const isJournalSignal = (error: unknown): boolean =>
  error instanceof DBOSWorkflowConflictError || error instanceof DBOSWorkflowCancelledError;

/** What is recorded in this place is another step. */
export const isOutOfOrder = (error: unknown): boolean => error instanceof DBOSUnexpectedStepError;

/**
 * `Steps` on DBOS. DBOS numbers its operations in the order in which they are called, so nothing here may await before it
 * calls DBOS: that keeps the numbers the same at every replay.
 */
export function durableSteps(
  deps: StepsDeps,
  run: { readonly id: string } & Pick<Placed, "queue" | "priority" | "share">,
): Steps {
  const runId = run.id;
  const names = new Set<string>();
  let active = 0;
  let waiters = 0;

  const claim = (name: string): number => {
    if (names.has(name))
      throw new MillwrightError(
        "invalid_config",
        `Step '${name}' occurs twice in this run; give each step of a pipeline its own name (number them in a loop).`,
      );
    names.add(name);
    return names.size;
  };
  const showState = async (): Promise<void> => {
    const waiting = waiters > 0 && active === 0;
    deps.park(runId, waiting);
    await deps.runs.setState(runId, waiting ? "waiting" : "running");
  };
  /** Shows the run as waiting for as long as nothing else of it is running. */
  const whileWaiting = async <T>(name: string, position: number, wait: Promise<T>): Promise<T> => {
    waiters += 1;
    try {
      const first = deps.shared.stepBegins(runId);
      await deps.runs.stepStarted(runId, { name, position, state: "waiting", by: deps.by, first });
      await deps.runs
        .setProgress(runId, { step: name, message: "", fraction: undefined })
        .catch(() => {});
      await showState();
      const result = await wait;
      await deps.runs.stepEnded({ id: runId, name, by: deps.by, state: "succeeded" });
      return result;
    } catch (error) {
      if (error instanceof MillwrightError)
        await deps.runs.stepEnded({
          ...{ id: runId, name, by: deps.by, state: "failed", error: error.message },
        });
      throw error;
    } finally {
      waiters -= 1;
      if (!deps.stopping.aborted) await showState();
    }
  };

  return {
    runId,
    async step<T>(
      name: string,
      body: (context: StepContext) => Promise<T>,
      options: { retries?: number; backoffMs?: number; waits?: boolean } = {},
    ): Promise<T> {
      const position = claim(name);
      const count = (by: 1 | -1): void => {
        if (options.waits) waiters += by;
        else active += by;
      };
      if (!deps.draining.begins(runId)) return abandon();
      const outcome = await DBOS.runStep(
        async () => {
          count(1);
          try {
            if (waiters > 0) await showState();
            return await attempts(deps, runId, { name, position, body, ...options });
          } finally {
            count(-1);
            if (waiters > 0 || options.waits) await showState();
          }
        },
        { name },
      ).finally(() => deps.draining.ends(runId));
      crashPoint("after-journal");
      crashPoint(`after-journal/${name}`);
      if (outcome.ok) return outcome.value as T;
      throw new MillwrightError(outcome.code, outcome.message, {
        details: (outcome.details ?? {}) as Record<string, unknown>,
      });
    },
    async waitFor<T>(topic: string, timeoutMs: number): Promise<T | undefined> {
      const position = claim(`wait for ${topic}`);
      const received = DBOS.recv<{ payload: T }>(topic, {
        timeoutSeconds: timeoutMs / 1000,
        // Beside the notification that comes at once: how soon a cancel is seen.
        pollingIntervalMs: 1000,
      });
      received.catch(() => {});
      const message = await whileWaiting(`wait for ${topic}`, position, received);
      return message?.payload;
    },
    async sleep(name, ms) {
      const position = claim(name);
      const slept = DBOS.sleep(ms);
      slept.catch(() => {});
      await whileWaiting(name, position, slept);
    },
    async fanOut<T>(
      name: string,
      pipeline: string,
      inputs: readonly unknown[],
      placing: Placing = {},
    ) {
      const position = claim(name);
      const over = fannedOut<T>(
        deps,
        { id: runId, step: name, position },
        { pipeline, inputs, placing, inherited: run },
      );
      over.catch(() => {});
      return whileWaiting(name, position, over);
    },
  };
}

/** Calls DBOS before it awaits anything, and only once: the children are submitted. Waiting for them is no matter of the journal. */
async function fannedOut<T>(
  { sql, pipelines, runs, stopping }: StepsDeps,
  parent: { readonly id: string; readonly step: string; readonly position: number },
  what: {
    readonly pipeline: string;
    readonly inputs: readonly unknown[];
    readonly placing: Placing;
    readonly inherited: Pick<Placed, "queue" | "priority" | "share">;
  },
): Promise<readonly FanOutResult<T>[]> {
  const { pipeline, inputs } = what;
  const submitted = await DBOS.runStep(
    async (): Promise<Outcome> => {
      try {
        const children = await childRuns(parent, knownPipeline(pipelines, pipeline), inputs, what);
        await insist(() => submitRuns(sql, children, parent));
        crashPoint(`before-journal/${parent.step}`);
        return { ok: true };
      } catch (error) {
        const { code, message } = describeFailure(error);
        return failed(error, code as ErrorCode, message);
      }
    },
    { name: parent.step },
  );
  crashPoint(`after-journal/${parent.step}`);
  if (!submitted.ok) throw new MillwrightError(submitted.code, submitted.message);
  const tell = (children: Parameters<typeof fanOutProgress>[0]) =>
    runs.setProgress(parent.id, { step: parent.step, ...fanOutProgress(children, inputs.length) });
  await childrenOver(sql, parent, inputs.length, { stopping, tell });
  if (stopping.aborted) await abandon();
  return childOutcomes<T>(sql, parent);
}

interface StepCall {
  readonly name: string;
  readonly position: number;
  readonly body: (context: StepContext) => Promise<unknown>;
  readonly retries?: number;
  readonly backoffMs?: number;
  readonly waits?: boolean;
}

async function attempts(deps: StepsDeps, runId: string, call: StepCall): Promise<Outcome> {
  const { runs, shared, stopping, by } = deps;
  const { name, position } = call;
  const first = shared.stepBegins(runId);
  const ends = (state: RunState, error?: string) =>
    shared.stepEnds(runId, name, { position, by, state, error });
  const cancel = DBOS.stepStatus?.cancelSignal;
  const signal = cancel ? AbortSignal.any([cancel, stopping]) : stopping;
  const retries = call.retries ?? DEFAULT_RETRIES;
  for (let attempt = 0; ; attempt++) {
    const state = call.waits ? "waiting" : "running";
    const crashes = await runs.stepStarted(runId, { name, position, state, by, first });
    if (crashes >= MAX_CRASHES) {
      const message = tooManyCrashes(name, crashes);
      ends("failed", message);
      return { ok: false, code: "internal", message };
    }
    const progress = progressWriter((p) => runs.setProgress(runId, { step: name, ...p }));
    progress.report("");
    // Only the body may fail the attempt: bookkeeping waits for the database instead.
    const tried = await start(() => call.body({ signal, progress: progress.report })).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await progress.end();
    if (stopping.aborted) await abandon();
    if ("value" in tried) {
      ends("succeeded");
      crashPoint("before-journal");
      crashPoint(`before-journal/${name}`);
      return tried.value === undefined ? { ok: true } : { ok: true, value: tried.value as Json };
    }
    const { error } = tried;
    if (cancel?.aborted || isJournalSignal(error)) {
      await runs.stepEnded({ id: runId, name, by, state: "cancelled" });
      throw error;
    }
    const failure = describeFailure(error);
    if (!failure.retryable || attempt >= retries) {
      ends("failed", failure.message);
      return failed(error, failure.code as ErrorCode, failure.message);
    }
    deps.log.warn(`step '${name}' failed and is tried again`, { runId, why: failure.message });
    await runs.stepEnded({ id: runId, name, by, state: "queued", error: failure.message });
    const backoffMs = (call.backoffMs ?? DEFAULT_BACKOFF_MS) * 2 ** attempt;
    await sleep(backoffMs, undefined, { signal }).catch(() => {});
    if (stopping.aborted) await abandon();
    if (cancel?.aborted) throw error;
  }
}

/** A body that throws before it returns its promise is a rejected one. */
const start = async <T>(body: () => Promise<T>): Promise<T> => body();

const tooManyCrashes = (name: string, crashes: number): string =>
  `The process died ${crashes} times in the middle of step '${name}', so it is not started again. ` +
  "The usual cause is memory: use a machine with more, or less data at once.";

function failed(error: unknown, code: ErrorCode, message: string): Outcome {
  const details = error instanceof MillwrightError ? jsonOrNothing(error.details) : undefined;
  return details === undefined
    ? { ok: false, code, message }
    : { ok: false, code, message, details };
}

function jsonOrNothing(value: unknown): Json | undefined {
  try {
    return JSON.parse(JSON.stringify(value)) as Json;
  } catch {
    return undefined;
  }
}
