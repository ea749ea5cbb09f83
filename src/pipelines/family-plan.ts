import type { Schema } from "../datasets/schema.ts";
import { MillwrightError } from "../errors.ts";
import { ENOUGH, type Enough, type Levels } from "../families/family.ts";
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
}

/** The finest level first; the model everybody shares is not among them. */
export const levelsOf = ({ by, parents = [] }: FamilyDefinition): Levels =>
  [typeof by === "string" ? [by] : by, ...parents].filter((columns) => columns.length > 0);

export function planFamily(
  spec: TrainingSpec,
  definition: FamilyDefinition | undefined,
  schema: Schema,
): FamilyPlan | null {
  if (definition === undefined) return null;
  const where = `models.${spec.model}.family`;
  if (spec.task === "multiclass")
    throw new MillwrightError(
      "unsupported",
      `${where}: ${spec.target} has ${spec.classes.length} classes; members have models of two classes or of a number so far. Leave the family out, or predict one class against the others.`,
    );
  for (const field of ["classWeights", "monotone"] as const)
    if (spec[field] !== undefined)
      throw new MillwrightError(
        "unsupported",
        `${where}: a model with train.${field} cannot have members so far: theirs would not keep it. Leave one of the two out.`,
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
  return {
    levels,
    enough: { ...ENOUGH, ...definition.enough },
    trainers: (definition.trainers ?? spec.trainers).filter((name) => name !== "baseline"),
    ...{ proof: definition.proof ?? true, pooling: definition.pooling ?? true },
  };
}
