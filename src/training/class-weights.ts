import type { Target } from "../lib/task.ts";
import type { TrainingSpec } from "./training-spec.ts";

/**
 * A weight a row, undefined where all count the same. `balanced`: rows / (classes x rows of the class), as scikit-learn; classes
 * without rows have none. Probabilities of a model that was fitted so are those of such a mix of classes.
 */
export function rowWeights(
  { classWeights, classes }: Pick<TrainingSpec, "classWeights" | "classes">,
  target: Target,
): Float64Array | undefined {
  if (classWeights === undefined) return undefined;
  if (classWeights !== "balanced") return target.map((k) => classWeights[k]!);
  const counts = new Float64Array(classes.length);
  for (const k of target) counts[k]!++;
  return target.map((k) => target.length / (classes.length * counts[k]!));
}
