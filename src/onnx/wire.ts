import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { MillwrightError } from "../errors.ts";
import { decodeUtf8 } from "../table/utf8.ts";

/**
 * The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding): a message is a list of fields, each a number,
 * a kind and bytes. Foreign files are read field by field, and what is not understood is copied as it is: decoding into objects
 * and encoding again would lose fields newer than our schema and integers beyond 2^53, and a hostile file of a megabyte could
 * become a gigabyte of objects.
 */
export interface Field {
  readonly id: number;
  /** Of a varint: its value, exact; else 0n. */
  readonly value: bigint;
  /** The content of a length-delimited field, the bytes of any other. */
  readonly body: Uint8Array;
  /** The whole field with its number, to copy. */
  readonly raw: Uint8Array;
  readonly kind: "varint" | "fixed64" | "bytes" | "fixed32";
}

/**
 * Calls for the fields with these numbers (all when undefined) in order; the others are passed over without cost: trees are
 * lists of millions of numbers. Throws `invalid_model` where the bytes are no message.
 */
export function eachField(
  message: Uint8Array,
  wanted: ReadonlySet<number> | undefined,
  see: (field: Field) => void,
): void {
  let at = 0;
  /** Tags and lengths. */
  const small = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = message[at++];
      if (byte === undefined || scale > 2 ** 49) throw damaged();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  };
  const skip = (length: number): void => {
    if (length > message.length - at) throw damaged();
    at += length;
  };
  while (at < message.length) {
    const start = at;
    const tag = small();
    const id = Math.floor(tag / 8);
    const kind = KINDS[tag % 8];
    if (id < 1 || id > 536_870_911 || kind === undefined) throw damaged();
    let from = at;
    if (kind === "varint") while (message[at++]! >= 0x80) if (at - from > 9) throw damaged();
    if (at > message.length) throw damaged();
    if (kind === "bytes") {
      const length = small();
      from = at;
      skip(length);
    } else if (kind === "fixed64") skip(8);
    else if (kind === "fixed32") skip(4);
    if (wanted !== undefined && !wanted.has(id)) continue;
    const body = message.subarray(from, at);
    const value = kind === "varint" ? bigOf(body) : 0n;
    see({ id, kind, value, body, raw: message.subarray(start, at) });
  }
}

const KINDS: readonly (Field["kind"] | undefined)[] = [
  ...([
    "varint",
    "fixed64",
    "bytes",
    undefined,
    undefined,
    "fixed32",
    undefined,
    undefined,
  ] as const),
];

function bigOf(varint: Uint8Array): bigint {
  let [value, shift] = [0n, 0n];
  for (const byte of varint) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
  }
  return BigInt.asUintN(64, value);
}

export const damaged = (): MillwrightError =>
  new MillwrightError(
    "invalid_model",
    "the file is no ONNX model, or a damaged one: its protobuf cannot be decoded. Export or copy it again.",
  );

export const textOf = ({ body }: Field): string => decodeUtf8(body, 0, body.length);

/** A signed int64 (two's complement), as a number where it is one exactly. */
export const signedOf = (field: Field): number => Number(BigInt.asIntN(64, field.value));

/** `repeated int64`, packed or one field a number; appended to `into`. */
export function signedListOf(field: Field, into: number[]): void {
  if (field.kind === "varint") {
    into.push(signedOf(field));
    return;
  }
  let from = 0;
  field.body.forEach((byte, i) => {
    if (i - from > 9) throw damaged();
    if (byte >= 0x80) return;
    into.push(Number(BigInt.asIntN(64, bigOf(field.body.subarray(from, i + 1)))));
    from = i + 1;
  });
  if (from !== field.body.length) throw damaged();
}

export function varintField(id: number, value: number | bigint): Uint8Array {
  return concatBytes(varintBytes(BigInt(id * 8)), varintBytes(BigInt.asUintN(64, BigInt(value))));
}

/** The content of a packed `repeated int64`; numbers from 0 to 2^31-1. */
export function packedInts(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length * 5);
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    let rest = values[i]!;
    for (; rest >= 0x80; rest >>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
    bytes[at++] = rest;
  }
  return bytes.subarray(0, at);
}

export const bytesField = (id: number, body: Uint8Array): Uint8Array =>
  concatBytes(varintBytes(BigInt(id * 8 + 2)), varintBytes(BigInt(body.length)), body);

export const textField = (id: number, text: string): Uint8Array =>
  bytesField(id, utf8ToBytes(text));

export const messageOf = (fields: readonly Uint8Array[]): Uint8Array => concatBytes(...fields);

function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
