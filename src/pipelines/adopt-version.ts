import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Pipeline, Steps } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { Evaluated, EvaluateInput } from "../evaluation/evaluate.ts";
import type { WeighInput } from "../evaluation/weigh-columns.ts";
import type { BackgroundInput } from "../explanation/keep-background.ts";
import type { Digest } from "../lib/digest.ts";
import type { ReferenceInput } from "../monitoring/make-reference.ts";
import { keepRun } from "../tracking/own/keep-run.ts";
import type { FitOutcome } from "../training/fit.ts";
import { type Deployed, deployVersion } from "./deploy-version.ts";
import { fetchLoggedModel, type ModelFiles } from "./fetch-logged-model.ts";
import { gatherData } from "./gather-data.ts";
import { importUnjudged } from "./import-unjudged.ts";
import { orReason } from "./or-reason.ts";
import { planTraining, type TrainingPlan } from "./plan-training.ts";
import type { Platform } from "./platform.ts";
import { type Registered, registerImported } from "./register-imported.ts";
import { startRun } from "./start-run.ts";
import { datasetInput, outcomeTags, reportMetrics } from "./tracked-training.ts";
import { type Fitting, tryOnDataset } from "./try-on-dataset.ts";

export interface AdoptInput {
  readonly model: string;
  /** What a client registered; it gets its number. Else `files`. */
  readonly registered?: Registered;
  readonly files?: ModelFiles;
}

export interface AdoptOutcome {
  readonly model: string;
  readonly servable: boolean;
  /** Whether gates have judged it; then whether it passed them. */
  readonly judged: boolean;
  readonly passed: boolean | null;
  readonly version: Digest | null;
  readonly number: number | null;
  readonly deployment: Deployed["deployment"] | null;
  /** In words: what was decided and why. */
  readonly decision: string;
  /** What its judgement could not have seen. */
  readonly unseen?: string;
}

/** Why a model is not served, or not judged, in words. */
interface Reason {
  readonly reason: string;
}

/**
 * A model made elsewhere becomes a version as a trained one does: what its author logged is read, tried, judged on the rows that the
 * project holds back, registered, deployed if it passes. Where the project knows no model of this name nothing can be judged.
 */
export const adoptVersion = (platform: Platform): Pipeline<AdoptInput, AdoptOutcome> => ({
  name: "adopt",
  async run(steps, input) {
    const outcome = await adopt(platform, steps, input).catch(async (error: unknown) => {
      if (input.registered && error instanceof MillwrightError)
        await steps.step("tag", () => tagFailure(platform, input, error.message));
      throw error;
    });
    if (input.registered) await steps.step("tag", () => tag(platform, input, outcome));
    return outcome;
  },
});

async function adopt(platform: Platform, steps: Steps, input: AdoptInput): Promise<AdoptOutcome> {
  const { model, registered } = input;
  const files = await steps.step("fetch", async () =>
    input.files
      ? input.files
      : orReason(() => fetchLoggedModel(platform, { source: registered!.source })),
  );
  if ("reason" in files) return refused(input, files);
  const known = await steps.step("look up", async () =>
    Object.hasOwn((await platform.project()).definition.models, model),
  );
  if (!known) return unjudged(platform, steps, { ...input, files, promote: "first" });
  const data = await steps.step("ingest", (step) =>
    orReason(() => gatherData(platform, { model, step })),
  );
  if ("reason" in data)
    return unjudged(platform, steps, { ...input, files, promote: "never", why: data.reason });
  const plan = await steps.step("plan", () =>
    orReason(() => planTraining(platform, { model, data })),
  );
  if ("reason" in plan)
    return unjudged(platform, steps, { ...input, files, promote: "never", why: plan.reason });
  const fitting = await steps.step("try", () => tryOnDataset(platform, { files, plan, data }));
  if ("broken" in fitting) return refused(input, { reason: fitting.broken });
  if ("misfit" in fitting)
    return unjudged(platform, steps, { ...input, files, promote: "never", why: fitting.misfit });
  return judged(platform, steps, { ...input, files, data, plan, fitting });
}

/** Imported as by `millwright import`: nothing is known of how good it is. */
async function unjudged(
  platform: Platform,
  steps: Steps,
  input: AdoptInput & {
    readonly files: ModelFiles;
    readonly promote: "first" | "never";
    readonly why?: string;
  },
): Promise<AdoptOutcome> {
  const { model, files, registered, promote, why } = input;
  const done = await steps.step("import", () =>
    orReason(() =>
      importUnjudged(platform, { model, files, registered, promote, runId: steps.runId }),
    ),
  );
  if ("reason" in done) return refused(input, done);
  const { id, number, promoted } = done;
  const because =
    why === undefined
      ? `the project has no model ${model}, so there is nothing to judge it by`
      : `it could not be judged: ${why}`;
  const decision = promoted
    ? `champion, imported and not judged: ${because}`
    : `kept, not judged: ${because}. Let it answer all the same with: millwright promote ${model} ${number}`;
  return {
    ...{ model, servable: true, judged: false, passed: null, version: id, number, decision },
    deployment: promoted ? "promoted" : "kept",
  };
}

async function judged(
  platform: Platform,
  steps: Steps,
  input: AdoptInput & {
    readonly files: ModelFiles;
    readonly data: DatasetVersion;
    readonly plan: TrainingPlan;
    readonly fitting: Fitting;
  },
): Promise<AdoptOutcome> {
  const { model, files, data, plan, fitting, registered } = input;
  const { champion, gates, abstain } = plan;
  const { spec, onnx, imported } = fitting;
  const { signature } = imported;
  const head = await steps.step("track", async () => {
    const name = registered ? `judge version ${registered.number}` : `judge ${files.file}`;
    const from = { "millwright.source": registered?.source, "millwright.run": registered?.run };
    const about = { runId: steps.runId, model, pipeline: "adopt", name, tags: from };
    const begun = await startRun(platform, about);
    await keepRun(platform, { ...begun, datasets: [datasetInput(data, "evaluation")] });
    return begun;
  });
  const file = { onnx, signature, complexity: 0 };
  const importance = await steps.step("weigh", (step) => {
    const weigh: WeighInput = { spec, data: data.data, onnx, signature };
    return platform.compute.run<FitOutcome["importance"]>("weigh", weigh, step);
  });
  const fit = { judged: file, served: file, importance };
  const evaluated = await steps.step("evaluate", async (step) => {
    const judge: EvaluateInput = {
      ...{ spec, data: data.data, fit, champion, gates, abstain, elsewhere: true },
      candidate: { id: registered ? `version ${registered.number}` : files.file },
      baselines: plan.candidates.filter(({ trainer }) => trainer === "baseline"),
    };
    const found = await platform.compute.run<Evaluated>("evaluate", judge, step);
    return { ...found, at: platform.clock.now() };
  });
  const reference = await steps.step("reference", async (step) => {
    const { definition } = await platform.project();
    const unit = definition.models[model]?.monitor?.window ?? "day";
    const normal: ReferenceInput = { spec, data: data.data, fit, unit };
    return platform.compute.run<Digest>("reference", normal, step);
  });
  const background = await steps.step("background", (step) => {
    const from: BackgroundInput = { spec, data: data.data, signature };
    return platform.compute.run<Digest>("background", from, step);
  });
  const version = await steps.step("register", async () => {
    const { id, number } = await registerImported(platform, {
      ...{ model, file: files.file, sha256: files.onnx, onnx, imported, registered },
      ...{ options: fitting.options, runId: steps.runId },
      judged: {
        ...{ dataset: data.id, seed: spec.seed, reference, background },
        ...{ report: evaluated.evaluation, abstain: evaluated.abstain },
      },
    });
    return { id, number };
  });
  const { verdict } = evaluated;
  const deployed = await steps.step("deploy", async () => {
    const done = await deployVersion(platform, {
      ...{ model, version: version.id, verdict, runId: steps.runId, shadow: true },
      ...{ asOf: undefined, comparedWith: champion?.version ?? null },
    });
    const { report } = await platform.evaluationOf((await platform.registry.get(version.id))!);
    await keepRun(platform, {
      ...{ ...head, metrics: reportMetrics(report, evaluated.at) },
      tags: outcomeTags({ ...done, number: version.number, passed: verdict.pass }),
      ended: { status: "FINISHED", at: platform.clock.now() },
    });
    return done;
  });
  return {
    ...{ model, servable: true, judged: true, passed: verdict.pass },
    ...{ version: version.id, number: version.number, ...deployed },
    unseen: verdict.couldNotHaveSeen,
  };
}

const refused = ({ model, registered }: AdoptInput, { reason }: Reason): AdoptOutcome => ({
  ...{ model, servable: false, judged: false, passed: null, version: null },
  ...{ number: registered?.number ?? null, deployment: null, decision: reason },
});

/** What a person with MLflow's client sees of it. */
async function tag(
  { logged }: Pick<Platform, "logged">,
  { model, registered }: AdoptInput,
  { servable, decision, unseen }: Pick<AdoptOutcome, "servable" | "decision" | "unseen">,
): Promise<null> {
  await logged.tagVersion(model, registered!.number, {
    "millwright.status": servable ? "servable" : "not servable",
    "millwright.reason": decision,
    ...(unseen === undefined ? {} : { "millwright.unseen": unseen }),
  });
  return null;
}

/** Only the run would say it otherwise, which that person does not see. */
async function tagFailure(
  platform: Pick<Platform, "logged" | "registry">,
  input: AdoptInput,
  why: string,
): Promise<null> {
  const { model, registered } = input;
  const servable = (await platform.registry.find(model, String(registered!.number))) !== undefined;
  return tag(platform, input, { servable, decision: `its adoption failed: ${why}` });
}
