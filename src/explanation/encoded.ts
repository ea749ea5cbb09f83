import type { TensorData } from "../runtime/runtime.ts";

/** Tensors of one run by name. */
export type Fetched = ReadonlyMap<string, Numbers>;

/** A tensor of numbers, row-major. */
export interface Numbers {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** Values of one row. */
export const widthOf = ({ dims, data }: Numbers): number => data.length / Math.max(1, dims[0] ?? 1);

/** Whole numbers become doubles; text has no numbers. */
export function numbersOf({ dims, data }: TensorData): Numbers {
  if (data instanceof Float32Array || data instanceof Float64Array) return { dims, data };
  if (data instanceof BigInt64Array) return { dims, data: Float64Array.from(data, Number) };
  return { dims, data: Float64Array.from(data as ArrayLike<unknown>, Number) };
}
