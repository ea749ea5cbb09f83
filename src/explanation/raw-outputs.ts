import type { Signature } from "../onnx/signature.ts";
import { type Fetched, widthOf } from "./encoded.ts";
import { eachToken } from "./linear-shap.ts";
import type { Plan } from "./plan.ts";
import { rawOutputs } from "./tree-model.ts";

/** What a plan's body says about one row before the link: as many numbers as it has outputs. */
export function bodyOutputs(
  { body }: Pick<Plan, "body">,
  fetched: Fetched,
  row: number,
): Float64Array {
  if (body.kind === "tree") {
    const encoded = fetched.get(body.reads)!;
    return rawOutputs(body.trees, encoded.data, row * widthOf(encoded));
  }
  if (body.kind === "other") {
    const tensor = fetched.get(body.tensor)!;
    const width = widthOf(tensor);
    return Float64Array.from(tensor.data.subarray(row * width, (row + 1) * width));
  }
  const { outputs } = body;
  const sums = body.bias.slice();
  for (const term of body.terms) {
    const add = (j: number, x: number) => {
      for (let k = 0; k < outputs; k++) sums[k]! += x * term.weights[j * outputs + k]!;
    };
    if (term.kind === "bag") eachToken(term, fetched, row, add);
    else {
      const { data, ...tensor } = fetched.get(term.tensor)!;
      const width = widthOf({ data, ...tensor });
      for (let j = 0; j < width; j++) add(j, data[row * width + j]!);
    }
  }
  return sums;
}

/** The output that is explained: the second of two classes, the most probable of several, the number. */
export function explainedOutput({ task }: Signature, raw: Float64Array): number {
  if (task === "binary") return raw.length === 1 ? 0 : 1;
  if (task !== "multiclass") return 0;
  let best = 0;
  for (let k = 1; k < raw.length; k++) if (raw[k]! > raw[best]!) best = k;
  return best;
}
