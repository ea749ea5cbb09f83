import { utf8Bytes } from "../../lib/utf8.ts";
import type { Datatype, Tensor } from "../inference.ts";

/** The typed fields of InferTensorContents by datatype; FP16 has none and travels as bytes. */
export const CONTENTS = {
  BOOL: "bool_contents",
  UINT8: "uint_contents",
  UINT16: "uint_contents",
  UINT32: "uint_contents",
  UINT64: "uint64_contents",
  INT8: "int_contents",
  INT16: "int_contents",
  INT32: "int_contents",
  INT64: "int64_contents",
  FP16: undefined,
  FP32: "fp32_contents",
  FP64: "fp64_contents",
  BYTES: "bytes_contents",
} as const satisfies Readonly<Record<Datatype, string | undefined>>;

export type ContentsField = NonNullable<(typeof CONTENTS)[Datatype]>;

/** The typed contents of an output; undefined for FP16. A missing value is NaN, or an empty text. */
export function contentsOf({ datatype, data }: Tensor): Record<string, unknown> | undefined {
  const field = CONTENTS[datatype];
  if (field === undefined) return undefined;
  const values = Array.from(data as ArrayLike<unknown>);
  if (field === "bytes_contents")
    return { [field]: values.map((value) => utf8Bytes(String(value ?? ""))) };
  if (field === "int64_contents" || field === "uint64_contents")
    return { [field]: values.map(String) };
  if (field === "bool_contents") return { [field]: values.map(Boolean) };
  return { [field]: values.map((value) => (value === null ? Number.NaN : value)) };
}
