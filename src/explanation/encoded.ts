import { type GraphTensor, numberAt } from "../onnx/tensor.ts";

/** Tensors of one run by name. */
export type Fetched = ReadonlyMap<string, Numbers>;

/** A tensor of numbers, row-major. */
export interface Numbers {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** Values of one row. */
export const widthOf = ({ dims, data }: Numbers): number => data.length / Math.max(1, dims[0] ?? 1);

/** Whole numbers and halves become doubles; text has no numbers. */
export function numbersOf(tensor: GraphTensor): Numbers {
  const { dims, data } = tensor;
  if (tensor.type === "float32") return { dims, data: tensor.data };
  if (tensor.type === "float64") return { dims, data: tensor.data };
  if (tensor.type === "string") return { dims, data: new Float64Array(0) };
  return { dims, data: Float64Array.from({ length: data.length }, (_, i) => numberAt(tensor, i)) };
}
