import { MillwrightError } from "../errors.ts";
import { comparable } from "../evaluation/align-scores.ts";
import { crashPoint } from "../lib/crash-point.ts";
import type { Digest } from "../lib/digest.ts";
import type { Change } from "./change.ts";
import { dropChallenger } from "./drop-challenger.ts";
import type { Platform } from "./platform.ts";
import { rowFieldsOf } from "./row-fields.ts";

export interface Promoted {
  /** The champion before; the version itself when it was champion already. */
  readonly previous: Digest | undefined;
  /** false: nothing was changed, because another champion stands than the one it was compared with. */
  readonly promoted: boolean;
}

/** Makes a version the champion: alias, route and event in one transaction, with the verdict that allowed it. Safe to repeat. */
export async function promote(
  deps: Pick<Platform, "transact" | "registry" | "project" | "datasets">,
  input: Change & {
    readonly version: Digest;
    /** Keep the former champion running beside the new one, so that a bad promotion is noticed. */
    readonly guard: boolean;
    /** The champion it was compared with, null for none: only that one is replaced. Left out: whoever it is. */
    readonly comparedWith?: Digest | null;
  },
): Promise<Promoted> {
  const { model, version, at, reason, runId } = input;
  const next = await deps.registry.get(version);
  if (!next || next.model !== model)
    throw new MillwrightError("not_found", `Model "${model}" has no version ${version}.`);
  const { definition } = await deps.project();
  const { dataset = model } = definition.models[model] ?? {};
  // An imported version knows no data: its rows have its own columns and nothing else.
  const data = next.dataset && (await deps.datasets.find(dataset, next.dataset));
  const fields = data ? rowFieldsOf(definition, model, data.schema) : {};
  const moved = await deps.transact(async (stores) => {
    const { registry, serving, announce } = stores;
    await registry.lock(model);
    const previous = await registry.alias(model, "champion");
    if (previous === version) return { previous, promoted: true };
    const { comparedWith } = input;
    if (comparedWith !== undefined && comparedWith !== (previous ?? null))
      return { previous, promoted: false };
    const former = previous && (await registry.get(previous));
    await registry.move({ ...input, alias: "champion", version, previous });
    crashPoint("promote:moved");
    await dropChallenger(stores, {
      ...{ model, at, runId, verdict: undefined, promoted: version },
      reason: `version ${next.number} became champion`,
    });
    const { fallback, deadlineMs } = (await serving.route(model)) ?? {};
    // A split was between the former champion and others: it ends with it.
    await serving.setRoute({
      ...{ model, fallback, deadlineMs, by: runId },
      champion: next,
      shadow:
        input.guard && former && comparable(former.signature, next.signature) ? former : undefined,
      fields,
      reason,
    });
    const said = { version, previous: previous ?? null, reason, runId: runId ?? null };
    await announce("model.promoted", model, said, at);
    return { previous, promoted: true };
  });
  crashPoint("promote:committed");
  return moved;
}
