import type { Pipeline } from "../engine/engine.ts";
import type { Json } from "../lib/json.ts";
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
import type { Platform } from "./platform.ts";
import { promote } from "./promote.ts";
import { rollback } from "./rollback.ts";

export interface JudgeInput {
  readonly model: string;
  /** Use only truths that had arrived by then, ms since 1970: for replays. */
  readonly asOf?: number;
}

export interface JudgeOutcome {
  readonly model: string;
  /** `guard`: the former champion is watching its successor. */
  readonly role: "shadow" | "guard" | "none";
  readonly action:
    | "promoted"
    | "rejected"
    | "rolled back"
    | "guard ended"
    | "waiting"
    | "nothing to judge";
  readonly decision: SequentialDecision | null;
}

/** Without a decision after this many times the least number of pairs, the champion stays. */
const MOST_PAIRS = 20;

/**
 * Compares the champion with what runs beside it, on the rows both answered and whose truth is known. May run as often as one
 * likes: the test is always valid. A challenger that is shown better becomes champion and its predecessor its guard; a guard
 * that is shown better takes its place back.
 */
export const judge = (platform: Platform): Pipeline<JudgeInput, JudgeOutcome> => ({
  name: "judge",
  async run(steps, input) {
    const { model } = input;
    return steps.step("judge", async () => {
      const before = await judgedBefore(platform, model, steps.runId);
      if (before) return before;
      const at = input.asOf ?? platform.clock.now();
      const route = await platform.serving.route(model);
      if (!route?.shadow)
        return { model, role: "none", action: "nothing to judge", decision: null };
      const { champion, shadow } = route;
      const role =
        (await platform.registry.alias(model, "challenger")) === shadow.id ? "shadow" : "guard";
      const alias = role === "shadow" ? "challenger" : "champion";
      const since = (await platform.registry.moves(model, alias))[0]?.at ?? 0;
      const pairs = await pairsSince(platform, {
        model,
        champion: champion.id,
        beside: shadow.id,
        since,
        asOf: input.asOf,
      });
      const { definition } = await platform.project();
      const shadowing = definition.models[model]?.deploy?.shadow || undefined;
      const minPairs = shadowing?.minLabels ?? DEFAULT_RULE.minPairs;
      const maxPairs = shadowing?.maxLabels ?? minPairs * MOST_PAIRS;
      const decision = decide(addPairs(NO_PAIRS, pairs), { ...DEFAULT_RULE, minPairs, maxPairs });
      const change = {
        model,
        reason: decision.reason,
        verdict: decision as unknown as Json,
        runId: steps.runId,
        at,
      };
      if (decision.outcome === "extend") return { model, role, action: "waiting", decision };
      if (role === "shadow" && decision.outcome === "promote") {
        await promote(platform, { ...change, version: shadow.id, guard: true });
        return { model, role, action: "promoted", decision };
      }
      if (role === "guard" && decision.outcome === "promote") {
        await rollback(platform, {
          ...change,
          reason: `the former champion did better: ${decision.reason}`,
        });
        return { model, role, action: "rolled back", decision };
      }
      await endShadow(platform, change);
      return { model, role, action: role === "shadow" ? "rejected" : "guard ended", decision };
    });
  },
});

/** The step was interrupted after its effect and before that was recorded: the moves of the aliases tell what it did. */
async function judgedBefore(
  { registry }: Pick<Platform, "registry">,
  model: string,
  runId: string,
): Promise<JudgeOutcome | undefined> {
  const own = (await registry.moves(model)).filter((move) => move.runId === runId);
  const [move] = own;
  if (!move) return undefined;
  const decision = (move.verdict ?? null) as unknown as SequentialDecision | null;
  const ended = own.some(({ alias }) => alias === "challenger");
  const crowned = own.find(({ alias }) => alias === "champion");
  if (!ended) return { model, role: "guard", action: "rolled back", decision };
  if (!crowned) return { model, role: "shadow", action: "rejected", decision };
  const verdict = (crowned.verdict ?? null) as unknown as SequentialDecision | null;
  return { model, role: "shadow", action: "promoted", decision: verdict };
}

/** Differences in [-1, 1], positive where the version beside the champion did better, in order of event time. */
async function pairsSince(
  platform: Pick<Platform, "predictions" | "registry">,
  input: {
    readonly model: string;
    readonly champion: `sha256:${string}`;
    readonly beside: `sha256:${string}`;
    readonly since: number;
    readonly asOf: number | undefined;
  },
): Promise<Float64Array> {
  const { model, since } = input;
  const asOf = input.asOf ?? Number.MAX_SAFE_INTEGER;
  const window = { model, from: since, to: asOf };
  const [answered, beside, version] = await Promise.all([
    platform.predictions.read({ ...window, version: input.champion, withFeedback: true }),
    platform.predictions.read({
      ...window,
      version: input.beside,
      variant: "shadow",
      withFeedback: true,
    }),
    platform.registry.get(input.champion),
  ]);
  if (!version) return new Float64Array(0);
  const shadows = new Map(beside.map((prediction) => [prediction.id, prediction]));
  const pairs = answered.filter(
    ({ id, truth }) => shadows.has(id) && truth !== undefined && truth.at < asOf,
  );
  const { signature } = version;
  return pairedDifferences(
    signature.task,
    scoresOf(
      pairs.map(({ id }) => shadows.get(id)!),
      signature,
    ),
    scoresOf(pairs, signature),
    truthsOf(pairs, signature),
  );
}
