import { reasonsOf } from "../explanation/reasons.ts";
import type { AnsweredRow } from "./answer.ts";
import type { InferRequest, Tensor } from "./inference.ts";

/** A request of the Open Inference Protocol asks why with the parameter `explain`: true. */
export const asksWhy = ({ parameters }: InferRequest): boolean =>
  parameters.explain === true || parameters.explain === "true";

/**
 * What the parameter `explain` adds to the outputs, nothing without it: `reasons`, BYTES [N,1], in words, one a line, and
 * `explanation`, BYTES [N,1], as JSON like the row API's.
 */
export function explanationTensors(rows: readonly AnsweredRow[]): Tensor[] {
  const explanations = rows.flatMap(({ explanation }) => explanation ?? []);
  if (explanations.length < rows.length) return [];
  const { target } = rows[0]!.by.signature;
  const texts = (name: string, data: readonly string[]): Tensor => ({
    ...{ name, datatype: "BYTES", shape: [rows.length, 1], data },
  });
  return [
    texts(
      "reasons",
      explanations.map((explanation) => reasonsOf(explanation, target).join("\n")),
    ),
    texts(
      "explanation",
      explanations.map((explanation) => JSON.stringify(explanation)),
    ),
  ];
}
