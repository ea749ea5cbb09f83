import { MillwrightError } from "../../errors.ts";
import type { Log } from "../../lib/log.ts";
import type { ExperimentStore } from "../experiments/store.ts";
import type { InputStore } from "../runs/inputs/store.ts";
import { checkedParam, checkedPoint, checkedTag } from "../runs/log/checked.ts";
import type { RunEntry } from "../runs/log/entry.ts";
import type { RunLog } from "../runs/log/store.ts";
import type { TrackedRunStore } from "../runs/store.ts";
import type { RunRecord } from "./run-record.ts";
import type { OwnRunStore } from "./store.ts";

/** Where our own runs are written down: the same stores that MLflow's clients write to. */
export interface OwnTracking {
  readonly experiments: ExperimentStore;
  readonly runs: TrackedRunStore;
  readonly runLog: RunLog;
  readonly inputs: InputStore;
  readonly own: OwnRunStore;
}

/**
 * Writes down what a run of our own says of itself; the same again changes nothing. A field that cannot be kept is left out with a
 * line in the log, and so is the run where somebody has deleted it or its experiment: no training fails for that. A database that
 * is away is thrown on, as by every other step.
 */
export async function keepRun(
  deps: { readonly tracking: OwnTracking; readonly log: Log },
  record: RunRecord,
): Promise<void> {
  const { tracking } = deps;
  const { id, ended, datasets = [] } = record;
  try {
    if (!(await made(tracking, record))) return;
    await logged(deps, record);
    if (datasets.length > 0) await tracking.inputs.log(id, { datasets, models: [] });
    if (record.fingerprint !== undefined) await tracking.own.setFingerprint(id, record.fingerprint);
    if (ended)
      await tracking.runs.update(id, { status: ended.status, endTime: ended.at, name: undefined });
  } catch (error) {
    if (!(error instanceof MillwrightError) || error.retryable) throw error;
    deps.log.warn(`run ${id} is not tracked as it should be: ${error.message}`);
  }
}

/**
 * The same of many runs of one experiment, in a few statements however many they are: those that are deleted are left out, and
 * params that were something else already stay so.
 */
export async function keepRuns(
  deps: { readonly tracking: OwnTracking; readonly log: Log },
  records: readonly RunRecord[],
): Promise<void> {
  const [first] = records;
  if (first === undefined) return;
  const { experiments, own } = deps.tracking;
  try {
    await own.createMany(await experimentNamed(experiments, first), records);
    const active = new Set(await own.active(records.map(({ id }) => id)));
    const there = records.filter(({ id }) => active.has(id));
    await Promise.all(there.map((record) => logged(deps, record)));
    const ends = there.flatMap(({ id, ended }) => (ended ? [{ id, ...ended }] : []));
    await own.endMany(ends);
  } catch (error) {
    if (!(error instanceof MillwrightError) || error.retryable) throw error;
    deps.log.warn(
      `${records.length} runs of ${first.experiment} are not tracked as they should be: ${error.message}`,
    );
  }
}

/** false: it, or its experiment, was deleted. */
async function made(tracking: OwnTracking, record: RunRecord): Promise<boolean> {
  const { experiments, runs } = tracking;
  const { id, name, user: userId, startTime, tags = [] } = record;
  const known = await runs.get(id);
  if (known) return known.lifecycleStage === "active";
  const experiment = await experimentNamed(experiments, record);
  try {
    const run = await runs.create({
      id,
      experiment,
      name,
      userId,
      startTime,
      tags: kept(tags, checkedTag),
    });
    return run !== undefined && run !== "deleted";
  } catch (error) {
    // The step runs twice at this moment.
    if (error instanceof MillwrightError && error.code === "conflict") return true;
    throw error;
  }
}

async function experimentNamed(
  experiments: ExperimentStore,
  { experiment: name, startTime }: RunRecord,
): Promise<string> {
  const known = await experiments.byName(name);
  if (known) return known.id;
  const at = startTime;
  const id = await experiments.create({ name, artifactLocation: undefined, tags: [], at });
  return id ?? (await experiments.byName(name))!.id;
}

async function logged({ tracking, log }: Parameters<typeof keepRun>[0], record: RunRecord) {
  const { id } = record;
  const left = (what: string) => log.warn(`run ${id}: ${what}`);
  let entry: RunEntry = {
    run: id,
    metrics: kept(record.metrics ?? [], checkedPoint, left),
    params: kept(record.params ?? [], checkedParam, left),
    tags: kept(record.tags ?? [], checkedTag, left),
  };
  for (;;) {
    if (entry.metrics.length + entry.params.length + entry.tags.length === 0) return;
    const verdict = await tracking.runLog.submit(entry);
    if (verdict.outcome !== "param changed") return;
    const { key } = verdict;
    left(`its param ${key} was ${verdict.kept} already and stays so`);
    entry = { ...entry, params: entry.params.filter((param) => param.key !== key) };
  }
}

/** Those that may be kept, long values cut. */
function kept<T>(all: readonly T[], check: (one: T) => T, left?: (what: string) => void): T[] {
  return all.flatMap((one) => {
    try {
      return [check(one)];
    } catch (error) {
      left?.((error as Error).message);
      return [];
    }
  });
}
