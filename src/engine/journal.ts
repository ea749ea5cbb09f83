import { DBOS, DBOSClient } from "@dbos-inc/dbos-sdk";
import { DBOSExecutor } from "@dbos-inc/dbos-sdk/internal/dbos-executor";
import { DBOSJSON } from "@dbos-inc/dbos-sdk/internal/serialization";
import { ensureSystemDatabase } from "@dbos-inc/dbos-sdk/internal/system_database";
import type { Log } from "../lib/log.ts";
import type { ClaimedRun } from "./claim.ts";
import type { SharedJournal } from "./shared-journal.ts";

/** DBOS's tables live beside ours, in a schema of their own. */
export const JOURNAL_SCHEMA = "millwright_dbos";
export const APPLICATION = "millwright";
export const QUEUE = "millwright";
export const WORKFLOW = "run";
/** The journal's format. Raise it only when old journals cannot be replayed: runs begun under another version stay where they are. */
export const VERSION = "millwright-1";
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

export const queueOf = (inJournal: string): string =>
  inJournal === QUEUE ? "default" : inJournal.slice(QUEUE.length + 1);

/** DBOS's partition of a queue; its indexes leave out runs without one. */
export const shareInJournal = (share: string): string => `=${share}`;

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

/** Makes this process one that can execute runs; which, `beginRuns` is told. */
export async function launchJournal(options: {
  url: string;
  log: Log;
  executorId: string;
  run: (runId: string) => Promise<void>;
  shared: SharedJournal;
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
  options.shared.replaceIn(DBOSExecutor.globalInstance!.systemDatabase);
}

/** Runs still going are left as they are, for whoever takes them over. */
export const stopJournal = (): Promise<void> => DBOS.shutdown();

export async function recoverRuns(executorIds: readonly string[]): Promise<void> {
  await DBOSExecutor.globalInstance?.recoverPendingWorkflows([...executorIds]);
}

/**
 * Starts runs that were marked as ours (`claim.ts`) with this token, as DBOS's own dispatch does, but from what the claim has read of
 * them. Returns those that could not be started, which DBOS says only to its log.
 */
export async function beginRuns(
  runs: readonly ClaimedRun[],
  token: string,
): Promise<readonly string[]> {
  const executor = DBOSExecutor.globalInstance;
  const failed: string[] = [];
  for (const run of runs)
    await executor?.executeDequeuedWorkflow(asClaimed(run), token).catch(() => failed.push(run.id));
  return executor ? failed : runs.map(({ id }) => id);
}

const asClaimed = ({ id, queue, share, nth }: ClaimedRun) => ({
  ...{ workflowUUID: id, status: "PENDING", workflowName: WORKFLOW },
  ...{ workflowClassName: "", workflowConfigName: "", applicationID: "" },
  ...{ authenticatedUser: "", assumedRole: "", authenticatedRoles: [] },
  ...{ executorId: "", priority: 0, output: null, error: null },
  ...{ input: inputInJournal(id), serialization: DBOSJSON.name(), recoveryAttempts: nth },
  ...{ queueName: queueInJournal(queue), queuePartitionKey: share },
});

/** Of DBOS's workflow; the run's own is in its row. */
export const inputInJournal = (runId: string): string => DBOSJSON.stringify([runId]);
