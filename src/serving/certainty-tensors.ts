import type { AbstainRule } from "../evaluation/abstention.ts";
import type { Signature } from "../onnx/signature.ts";
import type { AnsweredRow } from "./answer.ts";
import type { Tensor, TensorMetadata } from "./inference.ts";

/**
 * What a rule to abstain adds to the outputs of the Open Inference Protocol; nothing without one. `abstained` BOOL [N,1] (the
 * `label` of such a row is empty, its probabilities are there); conformal: `set` BOOL [N,classes], whether a class may be true,
 * and for regression `interval` FP64 [N,2].
 */
export function certaintyTensors(rows: readonly AnsweredRow[]): Tensor[] {
  const { signature, version } = rows[0]!.by;
  const data: Readonly<Record<string, Tensor["data"]>> = {
    abstained: rows.map(({ certainty }) => certainty?.abstained ?? false),
    set: rows.flatMap(({ certainty }) => {
      return signature.classes.map((name) => certainty?.set?.includes(name) ?? true);
    }),
    interval: rows.flatMap(({ certainty, output }) => [
      ...(certainty?.interval ?? [output[0]!, output[0]!]),
    ]),
  };
  return certaintyOutputs(version.abstain, signature).map(({ name, datatype, shape }) => ({
    ...{ name, datatype, shape: [rows.length, shape[1]!], data: data[name]! },
  }));
}

export function certaintyOutputs(
  rule: AbstainRule | undefined,
  { task, classes }: Signature,
): TensorMetadata[] {
  if (rule === undefined || task === "tensors") return [];
  const abstained = { name: "abstained", datatype: "BOOL", shape: [-1, 1] } as const;
  if (rule.kind !== "conformal") return [abstained];
  return task === "regression"
    ? [abstained, { name: "interval", datatype: "FP64", shape: [-1, 2] }]
    : [abstained, { name: "set", datatype: "BOOL", shape: [-1, classes.length] }];
}
