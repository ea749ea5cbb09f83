import { crashPoint } from "../lib/crash-point.ts";
import type { Digest } from "../lib/digest.ts";
import type { Change } from "./change.ts";
import { dropChallenger } from "./drop-challenger.ts";
import type { Platform } from "./platform.ts";

/**
 * Lets a canary climb to its next percentage, or ends it: route, alias and event in one transaction. false: nothing was changed,
 * because another split stands there by now than the one that was judged. Safe to repeat within a run.
 */
export async function moveCanary(
  deps: Pick<Platform, "transact">,
  input: Change & {
    readonly split: string;
    /** Its percentage when it was judged. */
    readonly percent: number;
    readonly version: Digest;
    readonly to: "next step" | "end";
  },
): Promise<boolean> {
  const moved = await deps.transact(async (stores) => {
    const { registry, serving, announce } = stores;
    const { model, at, runId, version, to } = input;
    await registry.lock(model);
    const [last] = await serving.routeHistory(model, 1);
    if (runId !== undefined && last?.by === runId) return true;
    const route = await serving.route(model);
    const { split } = route ?? {};
    if (!route || split?.kind !== "canary" || split.id !== input.split) return false;
    if (split.percent !== input.percent) return false;
    if (to === "end") {
      if ((await registry.alias(model, "challenger")) === version)
        await dropChallenger(stores, input);
      const reason = `the canary of version ${split.version.number} ended at ${split.percent} %: ${input.reason}`;
      await serving.setRoute({ ...route, split: undefined, reason, by: runId });
      const payload = { version, percent: split.percent, reason: input.reason };
      await announce("canary.ended", model, payload, at);
      return true;
    }
    const [percent, ...rest] = split.steps ?? [];
    if (percent === undefined) return false;
    const steps = rest.length > 0 ? rest : undefined;
    const reason = `version ${split.version.number} climbs from ${split.percent} to ${percent} %: ${input.reason}`;
    const next = { ...split, percent, steps, since: at };
    await serving.setRoute({ ...route, split: next, reason, by: runId });
    await announce("canary.climbed", model, { version, percent, reason: input.reason }, at);
    return true;
  });
  crashPoint("canary:moved");
  return moved;
}
