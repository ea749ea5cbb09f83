import { valuesAt } from "../lib/values-at.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Sessions } from "../runtime/sessions.ts";
import { isUnloadable } from "../runtime/unloadable.ts";
import { takeRows } from "../table/table.ts";
import type { LevelTask } from "./family.ts";
import type { PartedRows } from "./features.ts";
import { lossesOf, spreadOf } from "./loss.ts";
import { scoresOfFile } from "./parent-scores.ts";
import type { Compared, Predecessor } from "./predecessor.ts";
import { proofOf } from "./proof.ts";

/** One-sided: so sure must one be that the version in service is better, for it to stay. */
const SURE = 0.05;

/**
 * A member's new version against the one in service, by its stored file and through the serving runtime, on the test rows that are
 * later than all that one was learned from, and that neither was chosen by. It stays where it is shown to be better; else the new one, which knows
 * more of the present, takes its place.
 * @param test rows of the member, with the new version's losses.
 */
export async function comparePredecessor(
  deps: { readonly sessions: Sessions<Signature> },
  input: {
    readonly task: LevelTask;
    readonly predecessor: Predecessor;
    readonly own: PartedRows;
    readonly test: Uint32Array;
    readonly losses: Float64Array;
  },
): Promise<Compared> {
  const { task, predecessor, own, test, losses } = input;
  const { number } = predecessor;
  const notCompared = (why: string): Compared => ({
    ...{ number, stays: false },
    words: `took the place of version ${number}, with which it was not compared: ${why}`,
  });
  if ("because" in predecessor) return notCompared(predecessor.because);
  const time = own.table.columns.get(task.spec.time ?? "");
  const times = time?.type === "time" ? time.values : new Float64Array(own.table.rows);
  const later = Array.from(test.keys()).filter((i) => times[test[i]!]! > predecessor.after);
  if (later.length < task.enough.test)
    return notCompared(
      `${later.length} test rows are later than what that was learned from; ${task.enough.test} are needed`,
    );
  const rows = Uint32Array.from(later, (i) => test[i]!);
  const said = await scoresOf(deps, task, predecessor.file, takeRows(own.table, rows));
  if (said === undefined) return notCompared("its file cannot be loaded");
  const target = valuesAt(own.target, rows);
  const before = lossesOf(task.spec, said, target);
  const after = valuesAt(losses, later);
  const { p } = proofOf(task.spec, after, before);
  const words = `loss ${mean(after)} against ${mean(before)} of version ${number} on ${rows.length} test rows later than what that was learned from`;
  return p <= SURE
    ? { number, stays: true, words: `the new one did worse: ${words} (p = ${p.toPrecision(2)})` }
    : { number, stays: false, words: `took the place of version ${number}: ${words}` };
}

/** undefined: the file cannot be loaded. */
async function scoresOf(...asked: Parameters<typeof scoresOfFile>) {
  try {
    return await scoresOfFile(...asked);
  } catch (error) {
    if (isUnloadable(error)) return undefined;
    throw error;
  }
}

const mean = (losses: Float64Array): string => spreadOf(losses).mean.toPrecision(3);
