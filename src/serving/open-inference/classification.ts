import type { Json } from "../../lib/json.ts";
import type { Tensor } from "../inference.ts";
import { DATATYPE_SPECS } from "./datatypes.ts";
import { invalid } from "./infer-checks.ts";

/**
 * The classification extension: instead of an output its `count` largest values a row, the largest first, as texts
 * "value:index" or "value:index:label"; BYTES [N,count]. Floats have six decimals, as Triton writes them.
 * @param labels of the values of a row, when they have names. Throws `invalid_input` when the output has no numbers to compare.
 */
export function classified(tensor: Tensor, count: Json, labels: readonly string[]): Tensor {
  const { name, datatype, shape, data } = tensor;
  if (!Number.isSafeInteger(count) || (count as number) < 1)
    throw invalid(
      `outputs.${name}.parameters.classification: should be how many classes, 1 or more`,
    );
  const { kind } = DATATYPE_SPECS[datatype];
  if (kind === "text" || kind === "bool")
    throw invalid(
      `outputs.${name}.parameters.classification: only outputs of numbers have largest ones; this one is ${datatype}`,
    );
  const rows = shape.length < 2 ? 1 : shape[0]!;
  const width = rows === 0 ? 0 : data.length / rows;
  const top = Math.min(count as number, width);
  const texts: string[] = [];
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    const order = Array.from({ length: width }, (_, k) => k);
    const value = (k: number) => Number(data[start + k] ?? Number.NEGATIVE_INFINITY);
    order.sort((a, b) => value(b) - value(a) || a - b);
    for (const k of order.slice(0, top)) {
      const shown = kind === "float" ? value(k).toFixed(6) : String(data[start + k]);
      texts.push(labels.length === width ? `${shown}:${k}:${labels[k]}` : `${shown}:${k}`);
    }
  }
  return {
    ...{ name, datatype: "BYTES", data: texts },
    shape: shape.length < 2 ? [top] : [rows, top],
  };
}
