import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Pipeline, Steps } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { FamilyVersion } from "../families/members.ts";
import type { Digest } from "../lib/digest.ts";
import { getJson } from "../storage/json-blob.ts";
import type { Candidate } from "../training/training-spec.ts";
import { isCommand } from "./command-trainer.ts";
import { findPredecessors } from "./find-predecessors.ts";
import { gatherData } from "./gather-data.ts";
import type { Recipe } from "./keep-recipe.ts";
import { planTraining, type TrainingPlan } from "./plan-training.ts";
import type { Platform } from "./platform.ts";
import { type RegisteredFamily, registerMembers } from "./register-members.ts";
import { trainMembers } from "./train-members.ts";

export interface TrainFamilyInput {
  readonly model: string;
  readonly reason: string;
  /** By name; all when left out. */
  readonly members?: readonly string[];
  readonly asOf?: number;
  /** Only where the members were last trained under another champion than there is now: what its promotion starts. */
  readonly ifUnderAnother?: boolean;
}

/** Nothing was to be done, or could be, and why. */
export interface NoFamily {
  readonly nothing: string;
}

export interface FamilyOutcome extends RegisteredFamily {
  readonly members: number;
  readonly seconds: number;
}

/** The members of a family, all or some of them; the model that everybody shares stays as it is. */
export const trainFamily = (
  platform: Platform,
): Pipeline<TrainFamilyInput, FamilyOutcome | NoFamily> => ({
  name: "train-family",
  async run(steps, input) {
    if (input.ifUnderAnother) {
      const because = await steps.step("family: due", () => whyNotDue(platform, input.model));
      if (because !== null) return { nothing: because };
    }
    const data = await steps.step("ingest", (step) => gatherData(platform, { ...input, step }));
    const plan = await steps.step("plan", () => planTraining(platform, { ...input, data }));
    return familyOf(platform, { steps, data, plan, members: input.members });
  },
});

/** null: the members are to be trained under the champion there is. */
async function whyNotDue(platform: Platform, model: string): Promise<string | null> {
  const champion = await platform.registry.alias(model, "champion");
  const whole = await platform.families.newestWhole(model);
  if (whole?.champion === champion) return "the members were trained under this champion";
  try {
    await sharedOf(platform, model);
    return null;
  } catch (error) {
    if (error instanceof MillwrightError && error.code === "unsupported") return error.message;
    throw error;
  }
}

/** The members after a training of their model: none while it has no champion, or where nothing has changed for them. */
export async function familyUnderChampion(
  platform: Platform,
  input: { readonly steps: Steps; readonly data: DatasetVersion; readonly plan: TrainingPlan },
): Promise<FamilyOutcome | undefined> {
  const { steps, data, plan } = input;
  const due = await steps.step("family: due", async () => {
    const champion = await platform.registry.alias(plan.spec.model, "champion");
    const whole = await platform.families.newestWhole(plan.spec.model);
    const same =
      whole?.dataset === data.id && whole.code === plan.code && whole.champion === champion;
    return champion !== undefined && !same;
  });
  return due ? familyOf(platform, input) : undefined;
}

/** Trains members under the champion of their model, and puts them into service. */
export async function familyOf(
  platform: Platform,
  input: {
    readonly steps: Steps;
    readonly data: DatasetVersion;
    readonly plan: TrainingPlan;
    readonly members?: readonly string[] | undefined;
  },
): Promise<FamilyOutcome> {
  const { steps, data, plan, members } = input;
  const { family, code } = plan;
  const { classWeights } = family ?? {};
  const spec = classWeights ? { ...plan.spec, classWeights } : plan.spec;
  const begun = await steps.step("family: plan", async () => {
    if (family === null)
      throw new MillwrightError(
        "invalid_config",
        `models.${spec.model} has no family. Add family: family({ by: "<column>" }) to its definition.`,
      );
    const under = members && (await underWhich(platform, spec.model));
    return {
      ...(await sharedOf(platform, spec.model)),
      ...{ under: under ?? null, startedAt: platform.clock.now() },
    };
  });
  const { champion, onnx, shared, under, startedAt } = begun;
  const predecessors = await steps.step("family: predecessors", () =>
    findPredecessors(platform, { spec: under?.spec ?? spec, members }),
  );
  const trained = await trainMembers(platform, {
    // Members are compared on the same rows as their parents were made for.
    ...{ steps, spec: under?.spec ?? spec, data, shared, champion: onnx, predecessors },
    family: { ...family!, ...(under ? { levels: under.levels } : {}) },
    ...(members && under ? { some: { names: members, files: under.files } } : {}),
  });
  const registered = await steps.step("family: register", () =>
    registerMembers(platform, {
      ...{ family: spec.model, runId: steps.runId, data, code, trained, startedAt },
      champion: under?.champion ?? champion,
      plan: { levels: family!.levels, enough: family!.enough },
      under: under?.id,
    }),
  );
  const seconds = await steps.step("family: time", async () => {
    return (platform.clock.now() - startedAt) / 1000;
  });
  return {
    ...registered,
    ...{ members: trained.levels.reduce((sum, level) => sum + level.members, 0), seconds },
  };
}

async function underWhich(platform: Platform, family: string) {
  const [newest] = await platform.families.versions(family, 1);
  if (newest === undefined)
    throw new MillwrightError(
      "not_found",
      `The family ${family} has not been trained yet: millwright train ${family}`,
    );
  const { id, files, levels, champion } = newest as FamilyVersion;
  const { spec } = await getJson<{ spec: TrainingPlan["spec"] }>(platform.blobs, files);
  return { id, files, levels, champion, spec };
}

/** The champion, and how it is made: so are the models that stand in for it where it has seen the rows. */
async function sharedOf(
  platform: Pick<Platform, "registry" | "blobs">,
  model: string,
): Promise<{ readonly champion: Digest; readonly onnx: Digest; readonly shared: Candidate }> {
  const id = await platform.registry.alias(model, "champion");
  const champion = id && (await platform.registry.get(id));
  if (!champion)
    throw new MillwrightError(
      "not_found",
      `${model} has no champion: members are compared with the model that everybody shares. Train it first: millwright train ${model}`,
    );
  const { candidate } = champion.recipe
    ? await getJson<Recipe>(platform.blobs, champion.recipe)
    : { candidate: undefined };
  if (candidate === undefined || isCommand(candidate))
    throw new MillwrightError(
      "unsupported",
      `Version ${champion.number} of ${model} was made ${candidate ? "by a program" : "elsewhere"}; a family needs one that a built-in trainer made, because it is trained once more without each third of the rows. Promote one of those, or leave train.commands out.`,
    );
  return { champion: champion.id, onnx: champion.onnx, shared: candidate };
}
