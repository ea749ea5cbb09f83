import type { PredictionView } from "@millwright/sdk/contract/predictions";
import { figure } from "../../ui/format.ts";

/** What a logged prediction leaned to, and how sure it was; `sure` null where the output is no probability of a class. */
export interface Said {
  readonly label: string;
  /** 0..1. */
  readonly sure: number | null;
}

/** @param classes in the order of the output; empty for numbers and tensors. */
export function saidOf(
  { label, output }: Pick<PredictionView, "label" | "output">,
  classes: readonly string[],
): Said {
  if (classes.length === 0)
    return { label: typeof label === "number" ? figure(label) : outputs(output), sure: null };
  const at = classes.indexOf(String(label));
  const [positive = Number.NaN] = output;
  const sure = output.length === 1 ? (at === 0 ? 1 - positive : positive) : output[at];
  return { label: String(label), sure: sure ?? null };
}

/** Probabilities of all classes, the most probable first. */
export function probabilitiesOf(
  output: readonly number[],
  classes: readonly string[],
): readonly (readonly [string, number])[] {
  const each = output.length === 1 ? [1 - output[0]!, output[0]!] : output;
  return classes
    .map((name, k) => [name, each[k] ?? Number.NaN] as const)
    .sort((a, b) => b[1] - a[1]);
}

function outputs(output: readonly number[]): string {
  const some = output.slice(0, 4).map(figure).join(", ");
  return output.length > 4 ? `${some}, … (${output.length} numbers)` : some;
}
