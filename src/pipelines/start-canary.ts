import type { Digest } from "../lib/digest.ts";
import { incompatible, makeSplit } from "../serving/make-split.ts";
import type { Change } from "./change.ts";
import type { Ladder } from "./ladder.ts";
import type { Platform } from "./platform.ts";

/**
 * Gives a version the first part of the requests, in the place of its shadow; it is the challenger while it climbs. false: nothing
 * was changed, because another champion stands than the one it was compared with, or because callers would see from row to row who
 * answers. Safe to repeat.
 */
export async function startCanary(
  deps: Pick<Platform, "transact">,
  input: Change & {
    readonly version: Digest;
    readonly ladder: Ladder;
    /** The champion it was compared with. */
    readonly comparedWith: Digest;
  },
): Promise<boolean> {
  return deps.transact(async ({ registry, serving, announce }) => {
    const { model, version, ladder, at, reason, runId } = input;
    await registry.lock(model);
    const route = await serving.route(model);
    const [next, champion] = [await registry.get(version), await registry.get(input.comparedWith)];
    if (!next || !champion || route?.champion?.id !== champion.id) return false;
    if (route.split?.kind === "canary" && route.split.version.id === version) return true;
    if (incompatible(next.signature, champion.signature) !== undefined) return false;
    const [percent, ...rest] = ladder.steps;
    const split = makeSplit(
      { kind: "canary", version, percent, steps: [...rest, 100] },
      {
        ...{ model, champion, versions: new Map([[version, next]]), at },
        ...{ before: undefined, revision: route.revision + 1 },
      },
    );
    const previous = await registry.alias(model, "challenger");
    if (previous !== version) await registry.move({ ...input, alias: "challenger", previous });
    const shadow = route.shadow?.id === version ? undefined : route.shadow;
    const why = `version ${next.number} answers ${percent} %: ${reason}`;
    await serving.setRoute({ ...route, shadow, split, reason: why, by: runId });
    await announce("canary.started", model, { version, percent, reason }, at);
    return true;
  });
}
