import { DBOS, DBOSClient } from "@dbos-inc/dbos-sdk";
import { DBOSExecutor } from "@dbos-inc/dbos-sdk/internal/dbos-executor";
import { ensureSystemDatabase } from "@dbos-inc/dbos-sdk/internal/system_database";
import { registerInternalQueue } from "@dbos-inc/dbos-sdk/internal/wfqueue";
import type { Log } from "../lib/log.ts";

/** DBOS's tables live beside ours, in a schema of their own. */
export const JOURNAL_SCHEMA = "millwright_dbos";
export const APPLICATION = "millwright";
const QUEUE = "millwright";
export const WORKFLOW = "run";
/** The journal's format. Raise it only when old journals cannot be replayed: runs begun under another version stay where they are. */
export const VERSION = "millwright-1";
const POLL_MS = 100;
/** DBOS would set it in a way pg 8.23 prints a deprecation warning for; the embedded server has it in its settings instead. */
const NO_IDLE_TIMEOUT = 0;

let body: ((runId: string) => Promise<void>) | undefined;
/** DBOS is one per process (static class): its one workflow is registered once, and calls whoever runs now. */
let registered = false;

/** DBOS speaks of every failing step; people read our own messages. Nothing goes to stdout. */
const quiet = (log: Log) => {
  const say = (entry: unknown) => log.debug(`dbos: ${String(entry)}`);
  return { info: () => {}, debug: () => {}, warn: say, error: say };
};

export async function prepareJournal(url: string, log: Log): Promise<void> {
  type Logger = Parameters<typeof ensureSystemDatabase>[1];
  await ensureSystemDatabase(url, quiet(log) as unknown as Logger, undefined, JOURNAL_SCHEMA);
}

/** What DBOS calls a queue of ours. The default one is called as it was when there was no other. */
export const queueInJournal = (queue: string): string =>
  queue === "default" ? QUEUE : `${QUEUE}/${queue}`;

/** Tells runs things. Any process may have one. */
export async function openJournalClient(url: string, log: Log) {
  const client = await DBOSClient.create({
    systemDatabaseUrl: url,
    systemDatabaseSchemaName: JOURNAL_SCHEMA,
    systemDatabasePoolSize: 3,
    systemDatabaseIdleTransactionTimeoutMs: NO_IDLE_TIMEOUT,
    applicationName: APPLICATION,
    logger: quiet(log),
  });
  return {
    send: (runId: string, topic: string, payload: unknown) =>
      client.send(runId, { payload }, topic),
    cancel: (runIds: string[]) => client.cancelWorkflows(runIds),
    forget: (runIds: string[]) => client.deleteWorkflows(runIds),
    close: () => client.destroy(),
  };
}

export type JournalClient = Awaited<ReturnType<typeof openJournalClient>>;

/** Begins to execute queued runs in this process, at most `concurrency` at once (waiting ones not counted). */
export async function launchJournal(options: {
  url: string;
  log: Log;
  executorId: string;
  concurrency: number;
  run: (runId: string) => Promise<void>;
}): Promise<void> {
  body = options.run;
  if (!registered)
    DBOS.registerWorkflow(
      async (runId: string) => {
        await body?.(runId);
      },
      // Crash loops are ended per step (steps.ts): a run that waits for weeks may well outlive many restarts.
      { name: WORKFLOW, maxRecoveryAttempts: 1_000_000 },
    );
  registered = true;
  // An internal queue is configured per process; a registered one would share its limits among all.
  const queue = registerInternalQueue(QUEUE, { minPollingIntervalMs: POLL_MS });
  queue.workerConcurrency = options.concurrency;
  DBOS.setConfig({
    name: APPLICATION,
    systemDatabaseUrl: options.url,
    systemDatabaseSchemaName: JOURNAL_SCHEMA,
    systemDatabasePoolSize: 10,
    systemDatabaseIdleTransactionTimeoutMs: NO_IDLE_TIMEOUT,
    applicationVersion: VERSION,
    executorID: options.executorId,
    logger: quiet(options.log),
  });
  await DBOS.launch();
}

/** Runs still going are left as they are, for whoever takes them over. */
export const stopJournal = (): Promise<void> => DBOS.shutdown();

export async function recoverRuns(executorIds: readonly string[]): Promise<void> {
  await DBOSExecutor.globalInstance?.recoverPendingWorkflows([...executorIds]);
}

/**
 * While a run waits (for a person, for days) it must not take one of the worker's places. DBOS counts its places by the queue
 * name of each entry of this map; 5.3 has no public way to say so.
 */
export function parkRun(runId: string, parked: boolean): void {
  const database = DBOSExecutor.globalInstance?.systemDatabase as unknown as
    | { runningWorkflowMap: Map<string, { queueName: string | undefined }[]> }
    | undefined;
  for (const entry of database?.runningWorkflowMap.get(runId) ?? [])
    entry.queueName = parked ? undefined : QUEUE;
}
