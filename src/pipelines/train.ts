import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Pipeline } from "../engine/engine.ts";
import type { Evaluation } from "../evaluation/evaluate.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import { register } from "../registry/register.ts";
import type { FitOutcome } from "../training/fit.ts";
import { deployVersion } from "./deploy-version.ts";
import { gatherData } from "./gather-data.ts";
import { planTraining, type TrainingPlan } from "./plan-training.ts";
import type { Platform } from "./platform.ts";
import { raceCandidates, type RaceOutcome } from "./race-candidates.ts";

export interface TrainInput {
  readonly model: string;
  /** Why now: "asked for by a person", "every week", "drift: …". */
  readonly reason: string;
  /** Use only rows and labels known at this moment, ms since 1970: for replays. Default: all. */
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
  readonly deployment: "promoted" | "shadow" | "kept";
  /** In words: what was decided and why. */
  readonly decision: string;
}

/** From raw data to a champion, a challenger, or a reason why not. */
export const train = (platform: Platform): Pipeline => ({
  name: "train",
  async run(steps, raw) {
    const input = raw as unknown as TrainInput;
    const data = (await steps.step("ingest", (step) =>
      gatherData(platform, { ...input, step }),
    )) as unknown as DatasetVersion;
    const plan = (await steps.step("plan", () =>
      planTraining(platform, { ...input, data }),
    )) as unknown as TrainingPlan;
    const race = (await raceCandidates(platform, { steps, data, plan })) as RaceOutcome;
    const fitted = (await steps.step("fit", (step) =>
      platform.compute.run(
        "fit",
        { spec: plan.spec, data: data.data, candidate: race.winner } as unknown as Json,
        { signal: step.signal, onProgress: (m, f) => step.progress(m, f) },
      ),
    )) as unknown as FitOutcome;
    const judged = (await steps.step("evaluate", (step) =>
      platform.compute.run(
        "evaluate",
        {
          spec: plan.spec,
          data: data.data,
          fit: fitted,
          candidate: race.winner,
          baselines: race.baselines,
          champion: plan.champion ?? null,
          gates: plan.gates ?? null,
        } as unknown as Json,
        { signal: step.signal, onProgress: (m, f) => step.progress(m, f) },
      ),
    )) as unknown as { evaluation: Digest; reference: Digest; verdict: Evaluation["verdict"] };
    const version = (await steps.step("register", async () => {
      const { id, number } = await register(platform, {
        model: input.model,
        onnx: fitted.onnx,
        signature: fitted.signature,
        trainer: race.winner.trainer,
        params: race.winner.params as Json,
        seed: plan.spec.seed,
        dataset: data.id,
        code: plan.code,
        environment: platform.environment,
        parent: plan.champion?.version,
        report: judged.evaluation,
        leaderboard: race.leaderboard,
        reference: judged.reference,
        complexity: fitted.complexity,
        runId: steps.runId,
      });
      return { id, number };
    })) as { id: Digest; number: number };
    const deployed = await steps.step("deploy", () =>
      deployVersion(platform, {
        ...{ model: input.model, version: version.id, verdict: judged.verdict, runId: steps.runId },
        ...{ shadow: !input.skipShadow, asOf: input.asOf },
      }),
    );
    return {
      model: input.model,
      version: version.id,
      number: version.number,
      dataset: data.id,
      winner: race.winner.id,
      passed: judged.verdict.pass,
      ...deployed,
    } satisfies TrainOutcome;
  },
});
