import { MillwrightError } from "../../../errors.ts";
import { type GroupCommit, groupCommit } from "../../../storage/sql/group-commit.ts";
import type { Sql } from "../../../storage/sql/sql.ts";
import type { TrackedKeys } from "../../keys/store.ts";
import { laneOf, type RunEntry, sharedStatement, type Verdict } from "./entry.ts";
import { highWater } from "./high-water.ts";
import {
  type LogStatement,
  logStatement,
  PARAM_RACE,
  POINTS_TABLE,
  type RefusedRow,
} from "./statement.ts";

/** Where metrics, params and tags of runs are written; a call is an entry. Committed when it resolves. */
export type RunLog = GroupCommit<RunEntry, Verdict>;

/** Connections used at the most, however many callers there are. */
const LANES = 2;
const MAX_WAITING = 20_000;

/** @param endOfTurn as of `GroupCommitOptions`. */
export function runLog(sql: Sql, keys: TrackedKeys, endOfTurn: () => Promise<void>): RunLog {
  const water = highWater();
  /** Hints first; where they were wrong, without. */
  const refusedBy = async (
    entries: readonly RunEntry[],
    numbers: ReadonlyMap<string, number>,
  ): Promise<RefusedRow[]> => {
    const run = ({ text, parameters }: LogStatement) =>
      sql.query<RefusedRow>(text, parameters, { prepare: true });
    try {
      return await run(logStatement(entries, numbers, water.judge()));
    } catch (error) {
      if (!isWrongHint(error)) throw error;
      return run(logStatement(entries, numbers, () => false));
    }
  };
  return groupCommit({
    ...{
      lanes: LANES,
      laneOf,
      maxWaiting: MAX_WAITING,
      endOfTurn,
      newGroup: sharedStatement,
      isPassing,
    },
    async write(entries: readonly RunEntry[]) {
      const numbers = await keys.numbers(namesOf(entries));
      const verdicts = entries.map((): Verdict => ({ outcome: "kept" }));
      for (const row of await refusedBy(entries, numbers))
        verdicts[row.call] = verdictOf(row, entries[row.call]!, numbers);
      for (const [i, { run, metrics }] of entries.entries())
        if (verdicts[i]!.outcome === "kept") water.raise(run, metrics);
      return verdicts;
    },
  });
}

function namesOf(entries: readonly RunEntry[]): Set<string> {
  const names = new Set<string>();
  for (const { metrics, params, tags } of entries)
    for (const list of [metrics, params, tags]) for (const { key } of list) names.add(key);
  return names;
}

function verdictOf(
  { stage, model, key, kept, given }: RefusedRow,
  entry: RunEntry,
  numbers: ReadonlyMap<string, number>,
): Verdict {
  if (stage === null) return { outcome: "no such run" };
  if (stage !== "active") return { outcome: "deleted" };
  if (model !== null) return { outcome: "no such model", model };
  const name = entry.params.find((param) => numbers.get(param.key) === key)?.key ?? "";
  return { outcome: "param changed", key: name, kept: kept ?? "", given: given ?? "" };
}

/**
 * Dead-lock, serialization failure, a param given by another process just now; or the connection broke and nobody knows whether the
 * statement was executed: all of it is harmless to repeat.
 */
const isPassing = (error: unknown): boolean =>
  error instanceof MillwrightError &&
  (error.code === "unavailable" || error.details.sqlState === PARAM_RACE);

const isWrongHint = (error: unknown): boolean =>
  error instanceof MillwrightError &&
  error.code === "conflict" &&
  error.details.table === POINTS_TABLE;
