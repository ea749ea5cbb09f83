import type { Schema } from "../datasets/schema.ts";
import { MillwrightError } from "../errors.ts";
import { ENOUGH, type Enough, type Levels } from "../families/family.ts";
import type { Target } from "../lib/task.ts";
import { trainerNamed } from "../training/candidate.ts";
import { rowWeights } from "../training/class-weights.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import type { FamilyDefinition } from "./project.ts";

/** What a training of members has decided. Plain JSON, journaled with the plan of its model. */
export interface FamilyPlan {
  readonly levels: Levels;
  readonly enough: Enough;
  /** What members with rows enough try, simplest first. */
  readonly trainers: readonly string[];
  readonly proof: boolean;
  readonly pooling: boolean;
  /** What each class counts, in numbers: in every member the same as among all rows, so that they can be compared. */
  readonly classWeights?: readonly number[];
}

/** The finest level first; the model everybody shares is not among them. */
export const levelsOf = ({ by, parents = [] }: FamilyDefinition): Levels =>
  [typeof by === "string" ? [by] : by, ...parents].filter((columns) => columns.length > 0);

export function planFamily(
  spec: TrainingSpec,
  definition: FamilyDefinition | undefined,
  schema: Schema,
  /** Of the training rows. */
  target: Target,
): FamilyPlan | null {
  if (definition === undefined) return null;
  const where = `models.${spec.model}.family`;
  if (spec.task === "multiclass")
    throw new MillwrightError(
      "unsupported",
      `${where}: ${spec.target} has ${spec.classes.length} classes; members have models of two classes or of a number so far. Leave the family out, or predict one class against the others.`,
    );
  if (spec.classWeights !== undefined && spec.calibrate)
    throw new MillwrightError(
      "unsupported",
      `${where}: the classes of ${spec.model} have weights (train.classWeights) and its probabilities are calibrated back (train.calibrate); what members correct is not. Leave one of the two out.`,
    );
  const levels = levelsOf(definition);
  for (const name of levels.flat()) {
    const column = schema.columns.find((c) => c.name === name);
    if (column === undefined)
      throw new MillwrightError(
        "invalid_config",
        `${where} names the column "${name}", which the data does not have. It has: ${schema.columns
          .slice(0, 40)
          .map((c) => c.name)
          .join(", ")}.`,
      );
    if (column.type === "time" || name === spec.target)
      throw new MillwrightError(
        "invalid_config",
        `${where}: the column "${name}" ${name === spec.target ? "is what is predicted" : "holds times"}; members are named by texts or numbers.`,
      );
  }
  const weights = rowWeights(spec, target);
  const weightOf = (k: number) => weights?.[target.indexOf(k)] ?? 1;
  return {
    levels,
    enough: { ...ENOUGH, ...definition.enough },
    trainers: trainersOf(spec, definition, levels.flat()),
    ...{ proof: definition.proof ?? true },
    // A linear correction of what the parent says would not keep what is monotone in it.
    pooling: spec.monotone === undefined && (definition.pooling ?? true),
    ...(weights ? { classWeights: spec.classes.map((_, k) => weightOf(k)) } : {}),
  };
}

/** Of monotone columns only those trainers that keep them. */
function trainersOf(
  { model, trainers, monotone }: TrainingSpec,
  definition: FamilyDefinition,
  naming: readonly string[],
): string[] {
  const named = (definition.trainers ?? trainers).filter((name) => name !== "baseline");
  if (monotone === undefined) return named;
  const where = `models.${model}`;
  const both = naming.find((name) => Object.hasOwn(monotone, name));
  if (both !== undefined)
    throw new MillwrightError(
      "invalid_config",
      `${where}.train.monotone names "${both}", which names members of its family: from one member to the next nothing is monotone. Leave it out of one of the two.`,
    );
  const kept = named.filter((name) => trainerNamed(name).monotone);
  if (kept.length > 0) return kept;
  throw new MillwrightError(
    "invalid_config",
    `${where}.family.trainers: ${named.join(", ")} cannot keep what train.monotone asks for. Add "gbdt" or "linear", or leave train.monotone out.`,
  );
}
