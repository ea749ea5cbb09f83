import { comparable } from "../evaluation/align-scores.ts";
import type { Verdict } from "../evaluation/verdict.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import { TRAFFIC } from "../serving/prediction.ts";
import { ladderOf } from "./ladder.ts";
import type { Platform } from "./platform.ts";
import { promote } from "./promote.ts";
import { startCanary } from "./start-canary.ts";
import { startShadow } from "./start-shadow.ts";

/** A model that answered nobody for this long has no live traffic on which a shadow could be judged. */
const TRAFFIC_WINDOW_MS = 14 * 86_400_000;
/**
 * Questions that live traffic answers better than held-out rows do (which, after the world has changed, are mostly rows of the
 * old one). A version that fails only these may still run in shadow, where it harms nobody; it is never promoted without.
 */
const PROVEN_LIVE: ReadonlySet<string> = new Set([
  "beats_champion",
  "no_slice_worse",
  "calibrated",
]);

export interface Deployed {
  readonly deployment: "promoted" | "canary" | "shadow" | "kept";
  /** In words. */
  readonly decision: string;
}

/** What becomes of a new version: champion (the first one, or no traffic to prove it on), challenger in shadow, or only kept. */
export async function deployVersion(
  deps: Pick<
    Platform,
    "registry" | "serving" | "transact" | "project" | "predictions" | "clock" | "datasets"
  >,
  input: {
    readonly model: string;
    readonly version: Digest;
    readonly verdict: Verdict;
    readonly runId: string;
    readonly shadow: boolean;
    readonly asOf: number | undefined;
    /** The champion its gates compared it with; null = there was none. */
    readonly comparedWith: Digest | null;
  },
): Promise<Deployed> {
  const { model, version, verdict, runId } = input;
  const at = input.asOf ?? deps.clock.now();
  const change = { model, version, runId, at, verdict: verdict as unknown as Json };
  const kept = (why: string): Deployed => ({
    deployment: "kept",
    decision: `kept, not deployed: ${why}`,
  });
  const another = kept(
    "another version became champion while it was trained, with which it was not compared; train again, or promote it yourself",
  );
  const promoted = async (reason: string): Promise<Deployed> => {
    const { comparedWith } = input;
    const done = await promote(deps, { ...change, reason, guard: false, comparedWith });
    return done.promoted ? { deployment: "promoted", decision: reason } : another;
  };
  // The step was interrupted after its effect and before that was recorded.
  const before = (await deps.registry.moves(model)).find(
    (move) => move.runId === runId && move.version === version,
  );
  if (before) {
    const { split } = (await deps.serving.route(model)) ?? {};
    const climbs = split?.kind === "canary" && split.version.id === version;
    const beside = climbs ? "canary" : "shadow";
    return {
      deployment: before.alias === "champion" ? "promoted" : beside,
      decision: before.reason,
    };
  }
  const failed = verdict.results.filter((result) => !result.pass);
  const refusal = `${verdict.summary}. ${verdict.reasons.join(" ")}`;
  const champion = await deps.registry.alias(model, "champion");
  if (champion === version)
    return kept("the same ingredients gave the version that is champion already");
  if (champion === undefined)
    return verdict.pass ? promoted(`first version; ${verdict.summary}`) : kept(refusal);
  if (failed.some((result) => !PROVEN_LIVE.has(result.gate))) return kept(refusal);
  const [own, standing] = [await deps.registry.get(version), await deps.registry.get(champion)];
  if (own && standing && !comparable(own.signature, standing.signature))
    return kept(
      `it answers another question (${own.signature.task} ${own.signature.target}) than the champion (${standing.signature.task} ${standing.signature.target}), so that nothing can show which is better. Promote it yourself: millwright promote ${model} ${own.number}`,
    );

  const definition = (await deps.project()).definition.models[model];
  const wanted = input.shadow && definition?.deploy?.shadow !== false;
  const recent = { model, variant: TRAFFIC, from: at - TRAFFIC_WINDOW_MS, to: at, limit: 1 };
  const ladder = ladderOf(definition);
  const traffic =
    (wanted || ladder) && (await deps.predictions.page(recent)).predictions.length > 0;
  if (wanted && traffic) {
    const reason = `${verdict.summary}; to be proven on live traffic`;
    await startShadow(deps, { ...change, reason });
    return { deployment: "shadow", decision: reason };
  }
  if (!verdict.pass) return kept(refusal);
  if (ladder && traffic) {
    const reason = verdict.summary;
    const climbs = { ...change, reason, ladder, comparedWith: champion };
    if (await startCanary(deps, climbs)) return { deployment: "canary", decision: reason };
  }
  // Made elsewhere, perhaps from the very rows it was judged on: only live traffic can tell, or a person who knows.
  if (wanted && own?.origin !== undefined)
    return kept(
      `${verdict.summary}, but it was made elsewhere and may have learned from the rows it was judged on, and there was no live traffic in the last 14 days to prove it on. Promote it yourself: millwright promote ${model} ${own.number}`,
    );
  const because = wanted
    ? "no live traffic in the last 14 days to prove it on"
    : "shadow is switched off";
  return promoted(`${verdict.summary}; ${because}`);
}
