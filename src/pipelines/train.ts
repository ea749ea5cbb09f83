import type { Pipeline } from "../engine/engine.ts";
import type { Evaluated, EvaluateInput } from "../evaluation/evaluate.ts";
import type { BackgroundInput } from "../explanation/keep-background.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { ReferenceInput } from "../monitoring/make-reference.ts";
import { register } from "../registry/register.ts";
import type { FitOutcome } from "../training/fit.ts";
import { deployVersion } from "./deploy-version.ts";
import { gatherData } from "./gather-data.ts";
import { planTraining } from "./plan-training.ts";
import type { Platform } from "./platform.ts";
import { raceCandidates } from "./race-candidates.ts";

export interface TrainInput {
  readonly model: string;
  /** Why now: "asked for by a person", "every week", "drift: …". */
  readonly reason: string;
  /** Use only truths known at this moment, ms since 1970: for replays. Default: all. */
  readonly asOf?: number;
  /** Overrides the definition's budget ("20s"). */
  readonly budget?: string;
  /** Promote on held-out evidence alone, even where a shadow would be possible. */
  readonly skipShadow?: boolean;
}

export interface TrainOutcome {
  readonly model: string;
  readonly version: Digest;
  readonly number: number;
  readonly dataset: Digest;
  readonly winner: string;
  readonly passed: boolean;
  readonly deployment: "promoted" | "canary" | "shadow" | "kept";
  /** In words: what was decided and why. */
  readonly decision: string;
}

/** From raw data to a champion, a challenger, or a reason why not. */
export const train = (platform: Platform): Pipeline<TrainInput, TrainOutcome> => ({
  name: "train",
  async run(steps, input) {
    const { model } = input;
    const data = await steps.step("ingest", (step) => gatherData(platform, { ...input, step }));
    const plan = await steps.step("plan", () => planTraining(platform, { ...input, data }));
    const { spec, champion, gates, abstain } = plan;
    const race = await raceCandidates(platform, { steps, data, plan });
    const { winner: candidate, baselines } = race;
    const fit = await steps.step("fit", (step) =>
      platform.compute.run<FitOutcome>("fit", { spec, data: data.data, candidate }, step),
    );
    const judged = await steps.step("evaluate", (step) => {
      const judge: EvaluateInput = {
        spec,
        data: data.data,
        fit,
        candidate,
        baselines,
        champion,
        gates,
        abstain,
      };
      return platform.compute.run<Evaluated>("evaluate", judge, step);
    });
    const reference = await steps.step("reference", async (step) => {
      const { definition } = await platform.project();
      const unit = definition.models[model]?.monitor?.window ?? "day";
      const normal: ReferenceInput = { spec, data: data.data, fit, unit };
      return platform.compute.run<Digest>("reference", normal, step);
    });
    const background = await steps.step("background", (step) => {
      const from: BackgroundInput = { spec, data: data.data, signature: fit.served.signature };
      return platform.compute.run<Digest>("background", from, step);
    });
    const version = await steps.step("register", async () => {
      const { id, number } = await register(platform, {
        ...{ model, trainer: candidate.trainer, params: candidate.params as Json, seed: spec.seed },
        ...{
          onnx: fit.served.onnx,
          signature: fit.served.signature,
          dataset: data.id,
          code: plan.code,
        },
        ...{ complexity: fit.served.complexity, environment: platform.environment },
        ...{ parent: champion?.version, report: judged.evaluation, reference, background },
        ...(judged.abstain ? { abstain: judged.abstain } : {}),
        ...{ leaderboard: race.leaderboard, runId: steps.runId },
      });
      return { id, number };
    });
    const deployed = await steps.step("deploy", () =>
      deployVersion(platform, {
        ...{ model, version: version.id, verdict: judged.verdict, runId: steps.runId },
        ...{ shadow: !input.skipShadow, asOf: input.asOf },
        comparedWith: champion?.version ?? null,
      }),
    );
    return {
      ...{ model, version: version.id, number: version.number, dataset: data.id },
      ...{ winner: candidate.id, passed: judged.verdict.pass, ...deployed },
    };
  },
});
