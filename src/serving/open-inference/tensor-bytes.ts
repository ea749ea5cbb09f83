import { MillwrightError } from "../../errors.ts";
import { fromHalf, toHalf } from "../../lib/float16.ts";
import { strictUtf8Text, writeUtf8 } from "../../lib/utf8.ts";
import type { Datatype, Tensor, TensorValues } from "../inference.ts";
import { DATATYPE_SPECS, wrong } from "./datatypes.ts";

/**
 * Tensors as bytes, as the binary extension and gRPC's raw contents have them: row-major, little-endian, without padding; BOOL one
 * byte; BYTES each with its length as four bytes before it. Machines that run this are little-endian.
 */

const ARRAYS = {
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

/**
 * The values in `bytes`: a view of them where their place in memory allows, else a copy. FP16 becomes singles.
 * Throws `invalid_input` when there are not exactly `elements`.
 */
export function valuesOfBytes(
  name: string,
  datatype: Datatype,
  elements: number,
  bytes: Uint8Array,
): TensorValues {
  if (datatype === "BYTES") return texts(name, elements, bytes);
  const size = DATATYPE_SPECS[datatype].bytes;
  if (bytes.length !== elements * size)
    throw wrong(
      name,
      "data",
      `${elements * size} bytes, which ${elements} values of ${datatype} have; there are ${bytes.length}`,
    );
  if (datatype === "BOOL") {
    for (let i = 0; i < bytes.length; i++)
      if (bytes[i]! > 1) throw wrong(name, `data[${i}]`, "0 or 1, because the datatype is BOOL");
    return bytes;
  }
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const { buffer, byteOffset } = aligned;
  if (datatype === "FP16")
    return Float32Array.from(new Uint16Array(buffer, byteOffset, elements), fromHalf);
  return new ARRAYS[datatype](buffer as ArrayBuffer, byteOffset, elements);
}

function texts(name: string, elements: number, bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const list: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (list.length === elements)
      throw wrong(name, "data", `${elements} texts, as the shape says; there are more bytes`);
    if (at + 4 > bytes.length)
      throw wrong(
        name,
        `data[${list.length}]`,
        "four bytes of length and the text; the bytes end before",
      );
    const length = view.getUint32(at, true);
    at += 4;
    if (length > bytes.length - at)
      throw wrong(
        name,
        `data[${list.length}]`,
        `${length} bytes long, as its length says; ${bytes.length - at} are left`,
      );
    const text = strictUtf8Text(bytes.subarray(at, at + length));
    if (text === undefined) throw wrong(name, `data[${list.length}]`, "UTF-8 text");
    list.push(text);
    at += length;
  }
  if (list.length !== elements)
    throw wrong(name, "data", `${elements} texts, as the shape says; there are ${list.length}`);
  return list;
}

/** The bytes of an output. A value that is missing is NaN, or an empty text. */
export function bytesOfTensor({ name, datatype, data }: Tensor): Uint8Array {
  if (datatype === "BYTES") return bytesOfTexts(data as readonly unknown[]);
  if (datatype === "BOOL") return Uint8Array.from(data as ArrayLike<number>, Number);
  if (datatype === "FP16") return bytesOf(Uint16Array.from(data as ArrayLike<number>, toHalf));
  const target = ARRAYS[datatype];
  if (data instanceof target) return bytesOf(data);
  const values = data as ArrayLike<number | bigint | null>;
  const float = DATATYPE_SPECS[datatype].kind === "float";
  const wide = target === BigInt64Array || target === BigUint64Array;
  const list = new target(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === null && !float)
      throw new MillwrightError(
        "internal",
        `Output ${name} misses a value, which ${datatype} cannot.`,
      );
    list[i] = wide ? BigInt(value) : value === null ? Number.NaN : Number(value);
  }
  return bytesOf(list);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function bytesOfTexts(values: readonly unknown[]): Uint8Array {
  const texts = values.map((value) => (value === null ? "" : String(value)));
  let most = 0;
  for (const text of texts) most += 4 + 3 * text.length;
  const bytes = new Uint8Array(most);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of texts) {
    const written = writeUtf8(text, bytes, at + 4);
    view.setUint32(at, written, true);
    at += 4 + written;
  }
  return bytes.subarray(0, at);
}
