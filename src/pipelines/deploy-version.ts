import type { Verdict } from "../evaluation/verdict.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { Platform } from "./platform.ts";
import { promote } from "./promote.ts";
import { startShadow } from "./start-shadow.ts";

/** A model that answered nobody for this long has no live traffic on which a shadow could be judged. */
const TRAFFIC_WINDOW_MS = 14 * 86_400_000;

/** What becomes of a new version: champion (the first one, or no traffic to prove it on), challenger in shadow, or only kept. */
export async function deployVersion(
  deps: Pick<Platform, "registry" | "serving" | "transact" | "project" | "predictions" | "clock">,
  input: {
    readonly model: string;
    readonly version: Digest;
    readonly verdict: Verdict;
    readonly runId: string;
    readonly shadow: boolean;
    readonly asOf: number | undefined;
  },
): Promise<{ readonly deployment: "promoted" | "shadow" | "kept"; readonly decision: string }> {
  const { model, version, verdict, runId } = input;
  const at = input.asOf ?? deps.clock.now();
  const change = { model, version, runId, at, verdict: verdict as unknown as Json };
  if (!verdict.pass)
    return { deployment: "kept", decision: `kept, not deployed: ${verdict.summary}. ${verdict.reasons.join(" ")}` };
  const champion = await deps.registry.alias(model, "champion");
  if (champion === version)
    return { deployment: "kept", decision: "the same ingredients gave the version that is champion already" };
  if (champion === undefined) {
    const reason = `first version; ${verdict.summary}`;
    await promote(deps, { ...change, reason, guard: false });
    return { deployment: "promoted", decision: reason };
  }
  const definition = (await deps.project()).definition.models[model];
  const wanted = input.shadow && definition?.deploy?.shadow !== false;
  const answered = wanted
    ? (await deps.predictions.read({ model, from: at - TRAFFIC_WINDOW_MS, to: at })).length
    : 0;
  if (answered > 0) {
    const reason = `${verdict.summary}; now to be proven on live traffic`;
    await startShadow(deps, { ...change, reason });
    return { deployment: "shadow", decision: reason };
  }
  const reason = `${verdict.summary}; ${wanted ? "no live traffic to prove it on in the last 14 days" : "shadow is switched off"}`;
  await promote(deps, { ...change, reason, guard: false });
  return { deployment: "promoted", decision: reason };
}
