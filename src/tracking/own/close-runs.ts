import type { Engine, Run } from "../../engine/engine.ts";
import type { RunStatus } from "../runs/tracked-run.ts";
import type { OwnTracking } from "./keep-run.ts";

const STATUS: Readonly<Partial<Record<Run["state"], RunStatus>>> = {
  succeeded: "FINISHED",
  failed: "FAILED",
  cancelled: "KILLED",
};

/**
 * Closes the records of runs that are over but could not say so: failed, cancelled, or ended with the process that executed them.
 * Returns how many. Safe to do in several processes.
 */
export async function closeRuns(deps: {
  readonly engine: Pick<Engine, "get">;
  readonly tracking: Pick<OwnTracking, "own">;
}): Promise<number> {
  const { own } = deps.tracking;
  const roots = new Map<string, Run | undefined>();
  let closed = 0;
  for (const { id, root } of await own.open()) {
    if (!roots.has(root)) roots.set(root, await deps.engine.get(root));
    const run = roots.get(root);
    const status = run && STATUS[run.state];
    if (status !== undefined && (await own.close(id, status, run?.finishedAt))) closed++;
  }
  return closed;
}
