import type protobuf from "protobufjs/light.js";
import { invalid } from "./infer-checks.ts";

/** Reading protocol buffers field by field: what is not known is skipped, what is longer than it says is refused. */

/** Tensors, parameters and outputs of one request together: each becomes an object, though it may cost two bytes on the wire. */
const MAX_PARTS = 20_000;

export interface Wire {
  readonly reader: protobuf.Reader;
  parts: number;
}
/** Wire types. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;
export const tag = (field: number, type: number): number => (field << 3) | type;

/** Calls `field` with every tag up to `stop`; what it does not know is skipped. */
export function fields({ reader }: Wire, stop: number, field: (key: number) => boolean): void {
  while (reader.pos < stop) {
    const key = reader.uint32();
    if (!field(key)) reader.skipType(key & 7);
  }
  if (reader.pos !== stop) throw new RangeError("a part is longer than it says");
}

export function end(reader: protobuf.Reader): number {
  const stop = reader.uint32() + reader.pos;
  if (stop > reader.len) throw new RangeError("a part is longer than the message");
  return stop;
}

export function part(wire: Wire): void {
  if (++wire.parts > MAX_PARTS)
    throw invalid(`The message has more than ${MAX_PARTS} tensors, outputs and parameters.`);
}
