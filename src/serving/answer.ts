import type { Certainty } from "../evaluation/abstention.ts";
import type { Contribution, Explanation } from "../explanation/explanation.ts";
import { reasonsOf } from "../explanation/reasons.ts";
import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { RequestFacts } from "../lib/request-note.ts";
import { rowValue } from "../onnx/cells.ts";
import type { Signature } from "../onnx/signature.ts";
import type { GraphTensors } from "../onnx/tensor.ts";
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
  /** Imported models: this row of the graph's outputs, the axis of rows first. */
  readonly tensors?: GraphTensors | undefined;
}

export interface Answer {
  /** The model that was asked for. */
  readonly model: string;
  readonly rows: readonly AnsweredRow[];
  /** false: the disk of the prediction log is full, and the policy is to answer all the same. */
  readonly logged?: boolean | undefined;
}

/** What every protocol adds to an answer that is not in the log. */
export const unlogged = ({ logged }: Pick<Answer, "logged">): { readonly logged?: false } =>
  logged === false ? { logged: false } : {};

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
  /** Imported models that say neither classes nor a number: their outputs, by name. */
  readonly outputs?: Readonly<Record<string, Json>>;
  /** Conformal: every class that may be true. */
  readonly set?: string[];
  readonly interval?: [number, number];
  readonly explanation?: Omit<Explanation, "contributions"> & {
    readonly contributions: Contribution[];
  };
  /** The explanation in words, the strongest first. */
  readonly reasons?: string[];
  readonly version: number;
  readonly versionId: Digest;
  readonly variant: AnsweringVariant;
  /** Which model answered, when it was a fallback or a member of a family, and how far down the chain (up the levels). */
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
    ...(by === undefined || by.model === model ? {} : { answeredBy: by.model }),
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

export const answerRows = (answer: Answer): AnswerRow[] =>
  answer.rows.map((row) => answerRow(answer.model, row));

/** Field by field: spreading six small objects would cost more than the prediction. */
function answerRow(model: string, answered: AnsweredRow): AnswerRow {
  const { id, by, output, label, certainty, explanation } = answered;
  const { signature, version } = by;
  const row: Draft<AnswerRow> = { id, label: certainty?.abstained ? null : label } as AnswerRow;
  if (certainty !== undefined) {
    row.abstained = certainty.abstained;
    if (certainty.set !== undefined) row.set = [...certainty.set];
    if (certainty.interval !== undefined)
      row.interval = [...certainty.interval] as [number, number];
  }
  if (signature.task === "regression") row.value = output[0]!;
  else if (signature.task === "tensors") {
    row.label = null;
    row.outputs = outputsOf(signature, answered.tensors);
  } else {
    if (signature.task === "binary") row.probability = output[0]!;
    row.probabilities = byClass(signature, output);
  }
  row.version = version.number;
  row.versionId = version.id;
  row.variant = by.variant;
  if (by.level !== 0 || by.model !== model) {
    row.answeredBy = by.model;
    row.level = by.level;
  }
  if (explanation !== undefined) {
    row.explanation = { ...explanation, contributions: [...explanation.contributions] };
    row.reasons = reasonsOf(explanation, signature.target);
  }
  return row;
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };

function byClass(signature: Signature, output: readonly number[]): Record<string, number> {
  const each = classProbabilities(signature, output);
  const named: Record<string, number> = {};
  // Also a class called __proto__ gets its own field.
  if (signature.classes.includes("__proto__"))
    return Object.fromEntries(signature.classes.map((name, k) => [name, each[k]!]));
  for (let k = 0; k < each.length; k++) named[signature.classes[k]!] = each[k]!;
  return named;
}

/** A row of a graph's outputs as JSON, by name. */
export const outputsOf = (
  { graph }: Signature,
  tensors: GraphTensors = {},
): Readonly<Record<string, Json>> =>
  Object.fromEntries(
    (graph?.outputs ?? []).flatMap(({ name, keys }) => {
      const row = tensors[name];
      return row ? [[name, rowValue(row, keys)]] : [];
    }),
  );
