import type { Digest } from "../lib/digest.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Variant } from "./prediction.ts";
import type { RoutedVersion } from "./route.ts";

/** What a model said about the rows of one request, before it takes the shape a protocol wants. */
export interface Answer {
  readonly model: string;
  readonly version: RoutedVersion;
  readonly variant: Exclude<Variant, "shadow">;
  readonly signature: Signature;
  readonly ids: readonly string[];
  /** Per row, as in PredictionRecord. */
  readonly outputs: readonly (readonly number[])[];
  readonly labels: readonly (string | number)[];
}

/** One row of the row API's answer. */
export interface AnswerRow {
  readonly id: string;
  /** The more probable class; the number itself for regression. */
  readonly label: string | number;
  /** Binary: of the positive class. */
  readonly probability?: number;
  /** Of every class. */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** Regression. */
  readonly value?: number;
  readonly version: number;
  readonly versionId: Digest;
  readonly variant: Exclude<Variant, "shadow">;
}

/** The class with the highest probability (binary: positive from 0.5 on), or the number. */
export function labelOf(signature: Signature, output: readonly number[]): string | number {
  if (signature.task === "regression") return output[0]!;
  if (signature.task === "binary") return signature.classes[output[0]! >= 0.5 ? 1 : 0]!;
  let best = 0;
  for (let k = 1; k < output.length; k++) if (output[k]! > output[best]!) best = k;
  return signature.classes[best]!;
}

/** Probability of every class in the order of `signature.classes`. */
export const classProbabilities = (
  signature: Signature,
  output: readonly number[],
): readonly number[] => (signature.task === "binary" ? [1 - output[0]!, output[0]!] : output);

export function answerRows(answer: Answer): AnswerRow[] {
  const { signature, version, variant } = answer;
  return answer.ids.map((id, i) => {
    const output = answer.outputs[i]!;
    const by = { version: version.number, versionId: version.id, variant };
    const label = answer.labels[i]!;
    if (signature.task === "regression") return { id, label, value: output[0]!, ...by };
    const each = classProbabilities(signature, output);
    const probabilities = Object.fromEntries(signature.classes.map((c, k) => [c, each[k]!]));
    if (signature.task === "multiclass") return { id, label, probabilities, ...by };
    return { id, label, probability: output[0]!, probabilities, ...by };
  });
}
