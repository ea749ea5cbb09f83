import type { DatasetVersion } from "../datasets/dataset-version.ts";
import { inferTarget, type TargetInference } from "../datasets/target.ts";
import { MillwrightError } from "../errors.ts";
import type { AbstainGoal } from "../evaluation/abstention.ts";
import { defaultMetric } from "../evaluation/metrics/all.ts";
import type { GateChoice } from "../evaluation/verdict.ts";
import type { Digest } from "../lib/digest.ts";
import type { Task } from "../lib/task.ts";
import { valuesAt } from "../lib/values-at.ts";
import type { Signature } from "../onnx/signature.ts";
import { trainerNamed } from "../training/candidate.ts";
import { firstTrials, planCandidates } from "../training/plan.ts";
import { FEW_ROWS } from "../training/race.ts";
import type { DataShape } from "../training/trainer.ts";
import { TRAINERS } from "../training/trainers/all.ts";
import { columnNamed, targetOf, trainingData, trainingFolds } from "../training/training-data.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import { commandCandidate, programOf } from "./command-trainer.ts";
import { decideSpec } from "./decide-spec.ts";
import { definedModel } from "./defined-model.ts";
import { type FamilyPlan, planFamily } from "./family-plan.ts";
import type { Platform } from "./platform.ts";
import type { Budget } from "./project.ts";

/** Everything a training run has decided before it fits anything. Plain JSON, journaled. */
export interface TrainingPlan {
  readonly spec: TrainingSpec;
  readonly candidates: readonly Candidate[];
  /** Trainers and programs that do not compete, and why, in words. */
  readonly leftOut?: string;
  /** What a search makes its spaces from. */
  readonly shape?: DataShape;
  /** Rounds of the race, and how many were asked for (rounds that say nothing are left out). */
  readonly folds: number;
  readonly foldCount: number;
  readonly splitReason: string;
  readonly trainRows: number;
  readonly testRows: number;
  readonly gates: readonly GateChoice[] | null;
  readonly abstain: AbstainGoal | null;
  /** Its members; null = it has none. */
  readonly family: FamilyPlan | null;
  readonly champion: {
    readonly version: Digest;
    readonly name: string;
    readonly onnx: Digest;
    readonly signature: Signature;
    readonly complexity: number;
  } | null;
  readonly code: Digest;
}

/** Fewer rows than this cannot be divided into folds and a test that say anything. */
const FEWEST_ROWS = 30;
/** How often the folds of few rows are dealt. */
const REPEATS = 3;

export async function planTraining(
  deps: Pick<Platform, "project" | "columns" | "blobs" | "registry"> & {
    readonly programs: Pick<Platform["programs"], "sources">;
  },
  input: { readonly model: string; readonly budget?: Budget; readonly data: DatasetVersion },
): Promise<TrainingPlan> {
  const { definition: project, code, folder } = await deps.project();
  const { model: definition, dataset } = definedModel(project, input.model);
  const { data } = input;
  const table = await deps.columns.readTable(await deps.blobs.localPath(data.data));
  const alias = await deps.registry.alias(input.model, "champion");
  const champion = alias && (await deps.registry.get(alias));
  const inferred = inferTarget(definition.target, columnNamed(table, definition.target));
  const facts = withPositive(inferred, definition.positive, positiveOf(champion?.signature));
  checkGoal(input.model, definition.abstain, facts.task);
  const target = targetOf(columnNamed(table, definition.target), facts.task, facts.classes);
  const known = target.reduce((n, y) => n + (Number.isNaN(y) ? 0 : 1), 0);
  if (known < FEWEST_ROWS)
    throw new MillwrightError(
      "invalid_data",
      `Dataset "${data.dataset}" has ${known} rows with a known ${definition.target}; at least ${FEWEST_ROWS} are needed to train and test a model.`,
    );
  const decided = decideSpec({
    model: input.model,
    definition:
      input.budget === undefined
        ? definition
        : { ...definition, train: { ...definition.train, budget: input.budget } },
    dataset,
    schema: data.schema,
    target: { ...facts, defaultMetric: defaultMetric(facts.task, target).name, rows: known },
    trainers: TRAINERS.map((trainer) => trainer.name),
    prices: project.prices,
  });
  const parts = trainingData(decided, table);
  const repeated = decided.split !== "time" && parts.train.length < FEW_ROWS;
  const spec: TrainingSpec = repeated ? { ...decided, repeats: REPEATS } : decided;
  const text = spec.columns.some((column) => column.role === "text");
  const categories = spec.columns.filter((column) => column.role === "category").length;
  const foldCount = parts.train.length > 50_000 ? 2 : parts.train.length > 10_000 ? 3 : 5;
  const rounds = trainingFolds(spec, parts, foldCount).length;
  if (rounds === 0)
    throw new MillwrightError(
      "invalid_data",
      `The ${parts.train.length} training rows hold too few rows of the rarer classes of ${definition.target} for a single round of training and judging. Bring more of them, or train on another target.`,
    );
  const shape: DataShape = {
    task: spec.task,
    rows: parts.train.length,
    width: spec.columns.length,
    outputs: spec.task === "multiclass" ? spec.classes.length : 1,
    bagFeatures: text ? 20_000 : categories * 20,
    ...(spec.monotone ? { monotone: true } : {}),
  };
  const portfolio = planCandidates(spec.trainers, spec.task, shape);
  const trained = firstTrials(portfolio, spec.search?.trials ?? portfolio.length);
  const { commands, leftOut } = whoKeeps(spec, Object.entries(definition.train?.commands ?? {}));
  return {
    spec,
    ...(leftOut === undefined ? {} : { leftOut }),
    candidates: [
      ...trained,
      ...(await Promise.all(
        commands.map(async ([name, command], i) => {
          const sources = await deps.programs.sources(programOf(command, folder));
          return commandCandidate(name, { ...command, sources }, trained.length + i);
        }),
      )),
    ],
    shape,
    folds: rounds,
    foldCount,
    splitReason: parts.splitReason,
    trainRows: parts.train.length,
    testRows: parts.test.length,
    gates: definition.gates ?? null,
    abstain: definition.abstain ?? null,
    family: planFamily(spec, definition.family, data.schema, valuesAt(parts.target, parts.train)),
    champion: champion
      ? {
          version: champion.id,
          name: `version ${champion.number}`,
          onnx: champion.onnx,
          signature: champion.signature,
          complexity: champion.complexity,
        }
      : null,
    code,
  };
}

/**
 * Where columns are monotone: the programs that compete (none: nobody can hold them to it), and who does not.
 * @throws invalid_config when only trivial models are left.
 */
function whoKeeps<C>(
  { model, monotone, trainers }: TrainingSpec,
  commands: readonly (readonly [name: string, command: C])[],
): { readonly commands: readonly (readonly [string, C])[]; readonly leftOut?: string } {
  if (monotone === undefined) return { commands };
  const keep = trainers.filter((name) => trainerNamed(name).monotone);
  const out = [
    ...trainers.filter((name) => !keep.includes(name)),
    ...commands.map(([name]) => `the program ${name}`),
  ];
  if (!keep.some((name) => name !== "baseline")) {
    const able = TRAINERS.filter((one) => one.monotone && one.name !== "baseline");
    throw new MillwrightError(
      "invalid_config",
      `models.${model}.train.monotone cannot be kept by ${out.join(", ") || "trivial models alone"}. Add ${able.map(({ name }) => `"${name}"`).join(" or ")} to train.trainers, or leave train.monotone out.`,
    );
  }
  if (out.length === 0) return { commands: [] };
  const columns = Object.keys(monotone).join(", ");
  const verb = out.length === 1 ? "does" : "do";
  const leftOut = `${out.join(", ")} ${verb} not compete: nothing would keep the score monotone in ${columns}.`;
  return { commands: [], leftOut };
}

/** Numbers are not right or wrong. */
function checkGoal(model: string, goal: AbstainGoal | undefined, task: Task): void {
  if (task !== "regression" || goal === undefined) return;
  const wrong = "precision" in goal ? "precision" : goal.perClass ? "perClass" : undefined;
  if (wrong === undefined) return;
  throw new MillwrightError(
    "invalid_config",
    `models.${model}.abstain.${wrong} is for classes, and the target is a number. Write abstain: { coverage: 0.9 } for an interval with every prediction.`,
  );
}

/** Who reports the probability of one class goes on with that class, whichever is the rarer one by now. */
const positiveOf = (champion: Signature | undefined): string | undefined =>
  champion?.task === "binary" ? champion.classes[1] : undefined;

/** The class a person named is the positive one, else the champion's while it is still one of the two. */
function withPositive(
  facts: TargetInference,
  named: string | undefined,
  champion: string | undefined,
): TargetInference {
  if (facts.task !== "binary") return facts;
  const known = champion !== undefined && facts.classes.includes(champion) ? champion : undefined;
  const positive = named ?? known;
  if (positive === undefined || facts.classes[1] === positive) return facts;
  if (facts.classes[0] !== positive)
    throw new MillwrightError(
      "invalid_config",
      `positive: "${positive}" is not a value of ${facts.target}; its values are ${facts.classes.map((c) => `"${c}"`).join(" and ")}.`,
    );
  return { ...facts, positive, classes: [facts.classes[1]!, positive] };
}
