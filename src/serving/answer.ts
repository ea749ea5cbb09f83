import type { Certainty } from "../evaluation/abstention.ts";
import type { Contribution, Explanation } from "../explanation/explanation.ts";
import type { Digest } from "../lib/digest.ts";
import type { RequestFacts } from "../lib/request-note.ts";
import type { Signature } from "../onnx/signature.ts";
import type { AnsweringVariant } from "./prediction.ts";
import type { RoutedVersion } from "./route.ts";

/** Who answered. */
export interface Answerer {
  /** Another one than was asked for when a fallback answered. */
  readonly model: string;
  readonly version: RoutedVersion;
  readonly variant: AnsweringVariant;
  /** 0 = the model itself, 1 = its first fallback … */
  readonly level: number;
  readonly signature: Signature;
}

/** What was said about one row, before it takes the shape a protocol wants. */
export interface AnsweredRow {
  readonly id: string;
  readonly by: Answerer;
  /** As in PredictionRecord. */
  readonly output: readonly number[];
  readonly label: string | number;
  /** undefined: the version has no rule to abstain. */
  readonly certainty: Certainty | undefined;
  readonly explanation: Explanation | undefined;
}

export interface Answer {
  /** The model that was asked for. */
  readonly model: string;
  readonly rows: readonly AnsweredRow[];
}

/** One row of the row API's answer. */
export interface AnswerRow {
  readonly id: string;
  /** The more probable class; the number itself for regression; null when it abstains. */
  readonly label: string | number | null;
  readonly abstained?: boolean;
  /** Binary: of the positive class. */
  readonly probability?: number;
  /** Of every class. */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** Regression. */
  readonly value?: number;
  /** Conformal: every class that may be true. */
  readonly set?: string[];
  readonly interval?: [number, number];
  readonly explanation?: Omit<Explanation, "contributions"> & {
    readonly contributions: Contribution[];
  };
  readonly version: number;
  readonly versionId: Digest;
  readonly variant: AnsweringVariant;
  /** Which model answered, when it was a fallback, and how far down the chain. */
  readonly answeredBy?: string;
  readonly level?: number;
}

/** What may be told of an answer without saying whom it is about. Of the first row where rows differ. */
export function factsOf(model: string, rows: readonly AnsweredRow[]): RequestFacts {
  const abstained = rows.filter(({ certainty }) => certainty?.abstained).length;
  const by = rows[0]?.by;
  return {
    ...{ model, rows: rows.length, ...(abstained > 0 ? { abstained } : {}) },
    ...(by === undefined ? {} : { version: by.version.number, variant: by.variant }),
    ...(by === undefined || by.level === 0 ? {} : { answeredBy: by.model }),
  };
}

/** The class with the highest probability (binary: positive from 0.5 on), or the number. */
export function labelOf(signature: Signature, output: readonly number[]): string | number {
  if (signature.task === "tensors") return "";
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

export const answerRows = (answer: Answer): AnswerRow[] => answer.rows.map(answerRow);

function answerRow({ id, by, output, label, certainty, explanation }: AnsweredRow): AnswerRow {
  const { signature, version, variant, level } = by;
  const said = {
    id,
    label: certainty?.abstained ? null : label,
    ...(certainty === undefined ? {} : { abstained: certainty.abstained }),
    ...(certainty?.set === undefined ? {} : { set: [...certainty.set] }),
    ...(certainty?.interval === undefined
      ? {}
      : { interval: [...certainty.interval] as [number, number] }),
  };
  const who = {
    version: version.number,
    versionId: version.id,
    variant,
    ...(level === 0 ? {} : { answeredBy: by.model, level }),
    ...(explanation === undefined
      ? {}
      : { explanation: { ...explanation, contributions: [...explanation.contributions] } }),
  };
  if (signature.task === "regression") return { ...said, value: output[0]!, ...who };
  if (signature.task === "tensors") return { ...said, ...who };
  const each = classProbabilities(signature, output);
  const probabilities = Object.fromEntries(signature.classes.map((c, k) => [c, each[k]!]));
  if (signature.task === "multiclass") return { ...said, probabilities, ...who };
  return { ...said, probability: output[0]!, probabilities, ...who };
}
