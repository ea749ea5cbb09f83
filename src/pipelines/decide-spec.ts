import type { Schema } from "../datasets/schema.ts";
import { MillwrightError } from "../errors.ts";
import { durationMs } from "../lib/duration.ts";
import type { Task } from "../lib/task.ts";
import type { FeatureColumn, TrainingSpec } from "../training/training-spec.ts";
import type { Budget, DatasetDefinition, ModelDefinition, ProjectDefinition } from "./project.ts";

export interface TargetFacts {
  readonly task: Task;
  /** Binary: [negative, positive]; multiclass: sorted; regression: []. */
  readonly classes: readonly string[];
  readonly defaultMetric: string;
  readonly rows: number;
}

const SEED = 20_020_801;
const BUDGET_MS = 60_000;
/** A hundred years: a number, as JSON has no infinity. */
const UNLIMITED_MS = 3_155_760_000_000;
const FEATURES = new Set(["numeric", "category", "text", "time"]);

/** Fills in what the definition leaves open. Throws `invalid_config` when definition and data do not fit together. */
export function decideSpec(input: {
  readonly model: string;
  readonly definition: ModelDefinition;
  readonly dataset: DatasetDefinition;
  readonly schema: Schema;
  readonly target: TargetFacts;
  readonly trainers: readonly string[];
  readonly prices?: ProjectDefinition["prices"];
}): TrainingSpec {
  const { model, definition, dataset, schema, target } = input;
  const train = definition.train ?? {};
  const known = new Set(schema.columns.map((column) => column.name));
  const mentioned: readonly (readonly [string, string | undefined])[] = [
    ["target", definition.target],
    ["time", dataset.time],
    ["key", dataset.key],
    ...Object.keys(definition.features ?? {}).map((name) => ["features", name] as const),
  ];
  for (const [where, name] of mentioned)
    if (name !== undefined && !known.has(name))
      throw new MillwrightError(
        "invalid_config",
        `models.${model}: ${where} names the column "${name}", which the data does not have. It has: ${[...known].slice(0, 40).join(", ")}.`,
      );
  if (train.split === "time" && dataset.time === undefined)
    throw new MillwrightError(
      "invalid_config",
      `models.${model}.train.split is "time" but datasets.${definition.dataset}.time names no column. Add time: "<column>".`,
    );
  const columns = featuresOf(definition, dataset, schema, target.task);
  if (columns.length === 0)
    throw new MillwrightError(
      "invalid_data",
      `models.${model}: no column is left to learn from. ${whyLeftOut(schema, definition.target)}`,
    );
  return {
    model,
    task: target.task,
    target: definition.target,
    classes: target.classes,
    columns,
    time: dataset.time,
    key: dataset.key,
    split: splitOf(definition, dataset, target.task),
    testShare: train.test ?? 0.2,
    metric: train.metric ?? target.defaultMetric,
    seed: train.seed ?? SEED,
    ...budgetOf(train.budget, model, input.prices),
    ...learningWishes(model, definition, target, columns),
    trainers: train.trainers ?? input.trainers,
  };
}

/** Class weights, calibration, monotone columns: as far as the data can have them. */
function learningWishes(
  model: string,
  { train = {} }: ModelDefinition,
  { task, classes }: TargetFacts,
  columns: readonly FeatureColumn[],
): Pick<TrainingSpec, "classWeights" | "calibrate" | "monotone"> {
  const refuse = (field: string, why: string): never => {
    throw new MillwrightError("invalid_config", `models.${model}.train.${field}: ${why}`);
  };
  const { classWeights, calibrate, monotone } = train;
  if (classWeights !== undefined && task === "regression")
    refuse("classWeights", "the target is a number and has no classes. Drop it.");
  if (typeof classWeights === "object")
    for (const name of Object.keys(classWeights))
      if (!classes.includes(name))
        refuse("classWeights", `there is no class "${name}". Classes: ${classes.join(", ")}.`);
  if (calibrate && task !== "binary")
    refuse("calibrate", `it is for two classes, and this is ${task}. Drop it.`);
  if (monotone && task === "multiclass")
    refuse("monotone", "it is for two classes or a number, and there are more classes. Drop it.");
  for (const name of Object.keys(monotone ?? {})) {
    const role = columns.find((column) => column.name === name)?.role;
    if (role === undefined)
      refuse("monotone", `"${name}" is no column that the model learns from. Drop it.`);
    // Encoded as cycles, as a value each, or as words: there is no one direction in them.
    if (role !== "numeric")
      refuse(
        "monotone",
        `"${name}" is a ${role} column, and only numbers rise and fall. Drop it, or if it holds numbers say features: { "${name}": { role: "numeric" } }.`,
      );
  }
  return {
    ...(classWeights === undefined
      ? {}
      : {
          classWeights:
            classWeights === "balanced"
              ? classWeights
              : classes.map((name) => classWeights[name] ?? 1),
        }),
    ...(calibrate ? { calibrate } : {}),
    ...(monotone
      ? {
          monotone: Object.fromEntries(
            Object.entries(monotone).map(([name, way]) => [name, way === "increasing" ? 1 : -1]),
          ),
        }
      : {}),
  };
}

function budgetOf(
  budget: Budget | undefined,
  model: string,
  prices: ProjectDefinition["prices"],
): Pick<TrainingSpec, "budgetMs" | "search"> {
  if (budget === undefined) return { budgetMs: BUDGET_MS };
  if (typeof budget === "object") {
    const budgetMs = UNLIMITED_MS;
    if ("trials" in budget) return { budgetMs, search: { trials: budget.trials } };
    if (prices) return { budgetMs, search: { cpuSeconds: (3600 * budget.cost) / prices.cpuHour } };
    throw new MillwrightError(
      "invalid_config",
      `models.${model}.train.budget is money, and the project does not say what an hour of a processor core costs. Add prices: { cpuHour: 0.04 }.`,
    );
  }
  const ms = durationMs(budget);
  if (ms !== undefined) return { budgetMs: ms, search: {} };
  throw new MillwrightError(
    "invalid_config",
    `models.${model}: the budget "${budget}" is no duration; write such as "20s", "10m" or "1h".`,
  );
}

function splitOf(
  definition: ModelDefinition,
  dataset: DatasetDefinition,
  task: Task,
): TrainingSpec["split"] {
  const wish = definition.train?.split;
  if (wish === "time" || wish === "grouped") return wish;
  if (wish === undefined && dataset.time !== undefined) return "time";
  return task === "regression" ? "random" : "stratified";
}

/**
 * Roles a person gave win over inferred ones. Leaks, ids and constants stay out unless somebody lists them; so does the time the
 * rows are split by when classes are predicted: a class rarely follows the calendar, and what a model learns of the calendar
 * does not hold later (it cost linear models 0.03 to 0.06 AUC on the mail data, and trees gained nothing).
 */
function featuresOf(
  definition: ModelDefinition,
  dataset: DatasetDefinition,
  schema: Schema,
  task: Task,
): FeatureColumn[] {
  return schema.columns.flatMap((column): FeatureColumn[] => {
    const given = definition.features?.[column.name]?.role;
    if (column.name === definition.target) return [];
    if (given === undefined && definition.onlyListed) return [];
    if (given === undefined && column.name === dataset.time && task !== "regression") return [];
    const role = given ?? column.role;
    return FEATURES.has(role) ? [{ name: column.name, role: role as FeatureColumn["role"] }] : [];
  });
}

const whyLeftOut = ({ columns }: Schema, target: string): string => {
  const others = columns.filter(({ name }) => name !== target);
  const shown = others.slice(0, 8).map(({ name, reason }) => `${name}: ${reason}`);
  const more = others.length - shown.length;
  if (others.length === 0) return `The data has only ${target}.`;
  return `${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}. List those to use in features.`;
};
