import type protobuf from "protobufjs/light.js";
import { strictUtf8Text } from "../../lib/utf8.ts";
import type { TensorValues } from "../inference.ts";
import { wrong } from "./datatypes.ts";
import type { ContentsField } from "./grpc-contents.ts";
import { BYTES, end, FIXED32, FIXED64, fields, VARINT, type Wire } from "./grpc-wire.ts";

/** The values of an InferTensorContents, and the field they were in. */
export interface Contents {
  readonly field: ContentsField;
  readonly values: TensorValues;
}

/** One field of values; a message with several is refused, since only one can belong to the datatype. */
export function readContents(wire: Wire, name: string): Contents | undefined {
  const { reader } = wire;
  let field: ContentsField | undefined;
  const values: (number | boolean | string)[] = [];
  let wide = new BigInt64Array(0);
  let wides = 0;
  fields(wire, end(reader), (key) => {
    const reads = READS[key >>> 3];
    if (reads === undefined) return false;
    const packed = (key & 7) === BYTES && reads.wire !== BYTES;
    if (!packed && (key & 7) !== reads.wire) return false;
    if (field !== undefined && field !== reads.field)
      throw wrong(
        name || "?",
        "contents",
        `one kind of values; there are ${field} and ${reads.field}`,
      );
    field = reads.field;
    const one = (): void => {
      const value = reads.read(reader);
      if (typeof value === "bigint") {
        if (wides === wide.length) wide = longer(wide);
        wide[wides++] = value;
      } else if (value === undefined)
        throw wrong(name || "?", `data[${values.length}]`, "UTF-8 text");
      else values.push(value);
    };
    if (packed) for (const stop = end(reader); reader.pos < stop; ) one();
    else one();
    return true;
  });
  if (field === undefined) return undefined;
  const exactly = wide.subarray(0, wides);
  if (field === "int64_contents") return { field, values: exactly };
  if (field === "uint64_contents")
    return { field, values: new BigUint64Array(exactly.buffer, exactly.byteOffset, wides) };
  return { field, values };
}

function longer(list: BigInt64Array): BigInt64Array<ArrayBuffer> {
  const grown = new BigInt64Array(Math.max(16, list.length * 2));
  grown.set(list);
  return grown;
}

interface Read {
  readonly field: ContentsField;
  readonly wire: number;
  read(reader: protobuf.Reader): number | boolean | string | bigint | undefined;
}

/** By field number. */
const READS: Readonly<Record<number, Read>> = {
  1: { field: "bool_contents", wire: VARINT, read: (r) => r.bool() },
  2: { field: "int_contents", wire: VARINT, read: (r) => r.int32() },
  3: { field: "int64_contents", wire: VARINT, read: (r) => wideOf(r.int64()) },
  4: { field: "uint_contents", wire: VARINT, read: (r) => r.uint32() },
  5: { field: "uint64_contents", wire: VARINT, read: (r) => wideOf(r.uint64()) },
  6: { field: "fp32_contents", wire: FIXED32, read: (r) => r.float() },
  7: { field: "fp64_contents", wire: FIXED64, read: (r) => r.double() },
  8: { field: "bytes_contents", wire: BYTES, read: (r) => strictUtf8Text(r.bytes()) },
};

/** All 64 bits; a BigInt64Array keeps them whatever the sign. */
function wideOf(value: unknown): bigint {
  const { low, high } = value as { low: number; high: number };
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}
