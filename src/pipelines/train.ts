import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Pipeline, Steps } from "../engine/engine.ts";
import type { Evaluated, EvaluateInput } from "../evaluation/evaluate.ts";
import type { BackgroundInput } from "../explanation/keep-background.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { ReferenceInput } from "../monitoring/make-reference.ts";
import { register } from "../registry/register.ts";
import { keepRun, keepRuns } from "../tracking/own/keep-run.ts";
import { isCommand } from "./command-trainer.ts";
import { deployVersion } from "./deploy-version.ts";
import { findSame, type SameRun } from "./find-same.ts";
import { fitChosen } from "./fit-chosen.ts";
import { gatherData } from "./gather-data.ts";
import { keepRecipe } from "./keep-recipe.ts";
import { planTraining, type TrainingPlan } from "./plan-training.ts";
import type { Platform } from "./platform.ts";
import type { Budget } from "./project.ts";
import { raceCandidates } from "./race-candidates.ts";
import { type RunHead, startRun } from "./start-run.ts";
import {
  candidateParams,
  datasetInput,
  fingerprintOf,
  outcomeTags,
  planParams,
  reportMetrics,
  trialRecords,
  winnerRecord,
} from "./tracked-training.ts";
import { type FamilyOutcome, familyUnderChampion } from "./train-family.ts";

export interface TrainInput {
  readonly model: string;
  /** Why now: "asked for by a person", "every week", "drift: …". */
  readonly reason: string;
  /** Use only truths known at this moment, ms since 1970: for replays. Default: all. */
  readonly asOf?: number;
  /** Overrides the definition's budget ("20s", { trials: 50 }). */
  readonly budget?: Budget;
  /** Promote on held-out evidence alone, even where a shadow would be possible. */
  readonly skipShadow?: boolean;
  /** Also when the same code, data and settings have been trained before. */
  readonly again?: boolean;
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
  /** The earlier run whose result this is: nothing has changed since. */
  readonly reused?: string;
  /** Of a model with a family: what became of its members. */
  readonly family?: FamilyOutcome;
}

/** What both ways through a training go on with. */
interface Begun {
  readonly steps: Steps;
  readonly input: TrainInput;
  readonly head: RunHead;
  readonly data: DatasetVersion;
  readonly plan: TrainingPlan;
}

/** From raw data to a champion, a challenger, or a reason why not. */
export const train = (platform: Platform): Pipeline<TrainInput, TrainOutcome> => ({
  name: "train",
  async run(steps, input) {
    const { model, reason } = input;
    const head = await steps.step("track", () =>
      startRun(platform, {
        ...{ runId: steps.runId, model, pipeline: "train", name: `train: ${reason}` },
        tags: { "millwright.reason": reason },
      }),
    );
    const data = await steps.step("ingest", (step) => gatherData(platform, { ...input, step }));
    const plan = await steps.step("plan", async () => {
      const planned = await planTraining(platform, { ...input, data });
      const datasets = [datasetInput(data, "train")];
      await keepRun(platform, { ...head, params: planParams(planned), datasets });
      return planned;
    });
    const begun: Begun = { steps, input, head, data, plan };
    const fingerprint = fingerprintOf({ plan, data, environment: platform.environment });
    const same = await steps.step("look for the same", async () => {
      const champion = plan.champion?.version;
      return input.again ? null : findSame(platform, { model, fingerprint, champion });
    });
    const outcome = await (same
      ? reuse(platform, begun, same)
      : trainAnew(platform, begun, fingerprint));
    if (plan.family === null) return outcome;
    const family = await familyUnderChampion(platform, { steps, data, plan });
    return family ? { ...outcome, family } : outcome;
  },
});

/** The same ingredients give the same version: only what becomes of it is decided again. */
async function reuse(platform: Platform, begun: Begun, same: SameRun): Promise<TrainOutcome> {
  const { steps, input, head, data } = begun;
  const { winner, ...deployed } = await steps.step("deploy", async () => {
    const version = (await platform.registry.get(same.version))!;
    const { verdict } = await platform.evaluationOf(version);
    const done = await deploy(platform, begun, { version: same.version, verdict });
    const words = `nothing has changed since run ${same.run} (same code, data and settings), so its version ${same.number} stands for this run: ${done.decision}`;
    const outcome = { ...done, decision: words, passed: verdict.pass };
    await keepRun(platform, {
      ...head,
      tags: outcomeTags({ ...outcome, number: same.number, reused: same.run }),
      ended: { status: "FINISHED", at: platform.clock.now() },
    });
    return { ...outcome, winner: version.trainer };
  });
  const { model } = input;
  const { version, number, run: reused } = same;
  return { model, version, number, dataset: data.id, winner, ...deployed, reused };
}

async function trainAnew(
  platform: Platform,
  { steps, input, head, data, plan }: Begun,
  fingerprint: string,
): Promise<TrainOutcome> {
  const { model } = input;
  const { spec, champion, gates, abstain } = plan;
  const race = await raceCandidates(platform, {
    ...{ steps, data, plan },
    onRaced: (part, folds, candidates) =>
      steps.step(`track: ${part}`, async () => {
        await keepRuns(platform, trialRecords(head, { candidates, folds, metric: spec.metric }));
        return null;
      }),
  });
  const { winner: candidate, baselines } = race;
  await steps.step("track: winner", async () => {
    await keepRun(platform, { ...head, params: candidateParams(candidate) });
    await keepRun(platform, winnerRecord(head, candidate));
    return null;
  });
  const fit = await fitChosen(platform, { steps, spec, data, candidate });
  const judged = await steps.step("evaluate", async (step) => {
    const judge: EvaluateInput = {
      ...{ spec, data: data.data, fit, candidate, baselines, champion, gates, abstain },
    };
    const evaluated = await platform.compute.run<Evaluated>("evaluate", judge, step);
    return { ...evaluated, at: platform.clock.now() };
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
      ...{
        model,
        trainer: candidate.trainer,
        params: { ...candidate.params, ...fit.ranWith } as Json,
        seed: spec.seed,
      },
      ...{ onnx: fit.served.onnx, signature: fit.served.signature },
      ...{ dataset: data.id, code: plan.code },
      ...{ complexity: fit.served.complexity, environment: platform.environment },
      ...{ parent: champion?.version, report: judged.evaluation, reference, background },
      ...(judged.abstain ? { abstain: judged.abstain } : {}),
      ...{ leaderboard: race.leaderboard, runId: steps.runId },
      recipe: await keepRecipe(platform, {
        ...{ spec, data: data.data, candidate, baselines, gates },
        ...(isCommand(candidate) ? { schema: data.schema } : {}),
      }),
    });
    return { id, number };
  });
  const deployed = await steps.step("deploy", async () => {
    const { verdict } = judged;
    const done = await deploy(
      platform,
      { steps, input, head, data, plan },
      {
        ...{ version: version.id, verdict },
      },
    );
    const registered = (await platform.registry.get(version.id))!;
    const { report } = await platform.evaluationOf(registered);
    await keepRun(platform, {
      ...{ ...head, fingerprint, metrics: reportMetrics(report, judged.at) },
      tags: outcomeTags({ ...done, number: version.number, passed: verdict.pass }),
      ended: { status: "FINISHED", at: platform.clock.now() },
    });
    return done;
  });
  return {
    ...{ model, version: version.id, number: version.number, dataset: data.id },
    ...{ winner: candidate.id, passed: judged.verdict.pass, ...deployed },
  };
}

const deploy = (
  platform: Platform,
  { steps, input, plan }: Begun,
  judged: Pick<Parameters<typeof deployVersion>[1], "version" | "verdict">,
) =>
  deployVersion(platform, {
    ...{ model: input.model, runId: steps.runId, ...judged },
    ...{ shadow: !input.skipShadow, asOf: input.asOf },
    comparedWith: plan.champion?.version ?? null,
  });
