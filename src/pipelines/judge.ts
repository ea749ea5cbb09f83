import type { Pipeline } from "../engine/engine.ts";
import { alignScores } from "../evaluation/align-scores.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { CanaryDecision } from "../monitoring/canary-guards.ts";
import { scoresOf, truthsOf } from "../monitoring/logged-scores.ts";
import { pairedDifferences } from "../stats/paired-difference.ts";
import {
  addPairs,
  DEFAULT_RULE,
  decide,
  NO_PAIRS,
  type SequentialDecision,
} from "../stats/sequential.ts";
import { endShadow } from "./end-shadow.ts";
import { ladderOf } from "./ladder.ts";
import { type CanaryLook, lookAtCanary } from "./look-at-canary.ts";
import { moveCanary } from "./move-canary.ts";
import type { Platform } from "./platform.ts";
import { promote } from "./promote.ts";
import { rollback } from "./rollback.ts";
import { startCanary } from "./start-canary.ts";
import { type BanditLook, updateBandit } from "./update-bandit.ts";

export interface JudgeInput {
  readonly model: string;
  /** Use only truths that had arrived by then, ms since 1970: for replays. */
  readonly asOf?: number;
}

export interface JudgeOutcome {
  readonly model: string;
  /** `guard`: the former champion is watching its successor. */
  readonly role: "shadow" | "guard" | "canary" | "none";
  readonly action:
    | "canary started"
    | "climbed"
    | "canary ended"
    | "promoted"
    | "rejected"
    | "rolled back"
    | "guard ended"
    | "waiting"
    | "nothing to judge";
  /** Of a shadow or guard. */
  readonly decision: SequentialDecision | null;
  readonly canary?: CanaryDecision;
  readonly bandit?: BanditLook;
}

/** Without a decision after this many times the least number of pairs, the champion stays. */
const MOST_PAIRS = 20;

/**
 * Decides about a model's canary where it has one: it climbs, is promoted at 100 %, or ends. Else compares the champion with what runs
 * beside it, on the rows both answered and whose truth is known: a challenger that is shown better becomes canary or champion
 * (and its predecessor its guard); a guard that is shown better takes its place back. A bandit's shares are counted anew. May
 * run as often as one likes: the tests are always valid.
 */
export const judge = (platform: Platform): Pipeline<JudgeInput, JudgeOutcome> => ({
  name: "judge",
  async run(steps, input) {
    const { model } = input;
    const split = await steps.step("split", async () => ({
      canary: await lookAtCanary(platform, input),
      bandit: await updateBandit(platform, { ...input, runId: steps.runId }),
    }));
    const { canary: look, bandit } = split;
    if (look) {
      const action = await steps.step("move canary", () => act(platform, steps.runId, model, look));
      return { model, role: "canary", action, decision: null, canary: look.decision };
    }
    const also = bandit ? { bandit } : {};
    const found = await steps.step("judge", () => compare(platform, input));
    const { role, decision } = found;
    if (!decision) return { model, role, action: "nothing to judge", decision, ...also };
    if (decision.outcome === "extend") return { model, role, action: "waiting", decision, ...also };
    // Everything here is about the two versions that were compared: if others stand there by now nothing is changed.
    const action = await steps.step("act", async (): Promise<JudgeOutcome["action"]> => {
      const { champion, shadow, at } = found;
      const change = {
        ...{ model, reason: decision.reason, runId: steps.runId, at },
        verdict: decision as unknown as Json,
      };
      if (decision.outcome === "reject") {
        await endShadow(platform, { ...change, shadow });
        return role === "shadow" ? "rejected" : "guard ended";
      }
      if (role === "guard") {
        const reason = `the former champion did better: ${decision.reason}`;
        const { to } = await rollback(platform, { ...change, reason, from: champion, to: shadow });
        return to === shadow ? "rolled back" : "nothing to judge";
      }
      const ladder = ladderOf((await platform.project()).definition.models[model]);
      const climbs = { ...change, version: shadow, comparedWith: champion };
      if (ladder && (await startCanary(platform, { ...climbs, ladder }))) return "canary started";
      const winner = { ...change, version: shadow, guard: true, comparedWith: champion };
      const { promoted } = await promote(platform, winner);
      return promoted ? "promoted" : "nothing to judge";
    });
    return { model, role, action, decision, ...also };
  },
});

/** What follows from what a canary's guards said. Everything is about the split that was judged: if it has changed nothing is done. */
async function act(
  platform: Platform,
  runId: string,
  model: string,
  look: CanaryLook,
): Promise<JudgeOutcome["action"]> {
  const { decision, version, champion, percent, split, next, at } = look;
  const { outcome, reason } = decision;
  if (outcome === "wait" || (outcome === "climb" && next === undefined)) return "waiting";
  const change = { model, reason, runId, at, verdict: decision as unknown as Json };
  if (outcome === "climb" && next === 100) {
    const why = `answered ${percent} % of the requests as canary; ${reason}`;
    const winner = { ...change, reason: why, version, guard: true, comparedWith: champion };
    return (await promote(platform, winner)).promoted ? "promoted" : "nothing to judge";
  }
  const to = outcome === "end" ? "end" : "next step";
  const moved = await moveCanary(platform, { ...change, split, percent, version, to });
  if (!moved) return "nothing to judge";
  return to === "end" ? "canary ended" : "climbed";
}

type Compared =
  | { readonly role: "none"; readonly decision: null }
  | {
      readonly role: "shadow" | "guard";
      readonly decision: SequentialDecision;
      readonly champion: Digest;
      readonly shadow: Digest;
      readonly at: number;
    };

async function compare(platform: Platform, { model, asOf }: JudgeInput): Promise<Compared> {
  const route = await platform.serving.route(model);
  if (!route?.shadow || !route.champion) return { role: "none", decision: null };
  const [champion, shadow] = [route.champion.id, route.shadow.id];
  const isChallenger = (await platform.registry.alias(model, "challenger")) === shadow;
  const role = isChallenger ? "shadow" : "guard";
  const alias = isChallenger ? "challenger" : "champion";
  const since = (await platform.registry.moves(model, alias))[0]?.at ?? 0;
  const pairs = await pairsSince(platform, { model, champion, beside: shadow, since, asOf });
  const { definition } = await platform.project();
  const shadowing = definition.models[model]?.deploy?.shadow || undefined;
  const minPairs = shadowing?.minLabels ?? DEFAULT_RULE.minPairs;
  const maxPairs = shadowing?.maxLabels ?? minPairs * MOST_PAIRS;
  const decision = decide(addPairs(NO_PAIRS, pairs), { ...DEFAULT_RULE, minPairs, maxPairs });
  return { role, decision, champion, shadow, at: asOf ?? platform.clock.now() };
}

/** Differences in [-1, 1], positive where the version beside the champion did better, in order of event time. */
async function pairsSince(
  platform: Pick<Platform, "predictions" | "registry">,
  input: {
    readonly model: string;
    readonly champion: Digest;
    readonly beside: Digest;
    readonly since: number;
    readonly asOf: number | undefined;
  },
): Promise<Float64Array> {
  const { model, since } = input;
  const asOf = input.asOf ?? Number.MAX_SAFE_INTEGER;
  const window = { model, from: since, to: asOf };
  const [answered, beside, version, other] = await Promise.all([
    platform.predictions.read({ ...window, version: input.champion, withFeedback: true }),
    platform.predictions.read({
      ...window,
      version: input.beside,
      variant: "shadow",
      withFeedback: true,
    }),
    platform.registry.get(input.champion),
    platform.registry.get(input.beside),
  ]);
  if (!version || !other) return new Float64Array(0);
  const shadows = new Map(beside.map((prediction) => [prediction.id, prediction]));
  const pairs = answered.filter(
    ({ id, truth }) => shadows.has(id) && truth !== undefined && truth.at < asOf,
  );
  const { signature } = version;
  if (signature.task === "tensors") return new Float64Array(0);
  const theirs = scoresOf(
    pairs.map(({ id }) => shadows.get(id)!),
    other.signature,
  );
  const aligned = alignScores(theirs, other.signature, signature);
  if (!aligned) return new Float64Array(0);
  return pairedDifferences(
    signature.task,
    aligned,
    scoresOf(pairs, signature),
    truthsOf(pairs, signature),
  );
}
