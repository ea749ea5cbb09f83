import { MillwrightError } from "../../errors.ts";

/** A value of Thrift's compact protocol, as Parquet footers are written. Field numbers mean what parquet.thrift says. */
export type ThriftValue =
  | { readonly type: 1 | 2 }
  | { readonly type: 3 | 4 | 5 | 6; readonly value: number }
  | { readonly type: 7 | 8; readonly bytes: Uint8Array }
  | { readonly type: 9 | 10; readonly of: number; readonly items: readonly ThriftValue[] }
  | { readonly type: 12; readonly fields: ReadonlyMap<number, ThriftValue> };

export type ThriftStruct = Extract<ThriftValue, { type: 12 }>;
export type ThriftList = Extract<ThriftValue, { type: 9 | 10 }>;

const damaged = (): MillwrightError =>
  new MillwrightError("invalid_data", "a Parquet footer cannot be read: it is damaged or too new");

/** Throws `invalid_data` for bytes that are no struct, for maps, and for integers beyond 2^53. */
export function readThrift(bytes: Uint8Array): ThriftStruct {
  let at = 0;
  const byte = (): number => {
    if (at >= bytes.length) throw damaged();
    return bytes[at++]!;
  };
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const next = byte();
      value += (next & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw damaged();
      if (next < 128) return value;
    }
  };
  const integer = (): number => {
    const coded = varint();
    return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw damaged();
    at += length;
    return bytes.subarray(at - length, at);
  };
  const value = (type: number, inList: boolean): ThriftValue => {
    if (type === 1 || type === 2) return { type: inList ? (byte() as 1 | 2) : type };
    if (type === 3) return { type, value: byte() };
    if (type === 4 || type === 5 || type === 6) return { type, value: integer() };
    if (type === 7) return { type, bytes: take(8) };
    if (type === 8) return { type, bytes: take(varint()) };
    if (type === 9 || type === 10) {
      const head = byte();
      const size = head >> 4 === 15 ? varint() : head >> 4;
      const of = head & 15;
      return { type, of, items: Array.from({ length: size }, () => value(of, true)) };
    }
    if (type === 12) return struct();
    throw damaged();
  };
  const struct = (): ThriftStruct => {
    const fields = new Map<number, ThriftValue>();
    for (let id = 0; ; ) {
      const head = byte();
      if (head === 0) return { type: 12, fields };
      id = head >> 4 === 0 ? integer() : id + (head >> 4);
      fields.set(id, value(head & 15, false));
    }
  };
  return struct();
}

export function writeThrift(root: ThriftValue): Uint8Array {
  let bytes = new Uint8Array(1024);
  let at = 0;
  const room = (more: number): void => {
    if (at + more <= bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * bytes.length, at + more));
    larger.set(bytes);
    bytes = larger;
  };
  const byte = (value: number): void => {
    room(1);
    bytes[at++] = value;
  };
  const varint = (value: number): void => {
    let left = value;
    for (; left >= 128; left = Math.floor(left / 128)) byte((left % 128) | 128);
    byte(left);
  };
  const integer = (value: number): void => varint(value < 0 ? -2 * value - 1 : 2 * value);
  const raw = (value: Uint8Array): void => {
    room(value.length);
    bytes.set(value, at);
    at += value.length;
  };
  const write = (value: ThriftValue, inList: boolean): void => {
    if (value.type === 12) {
      let last = 0;
      for (const [id, field] of value.fields) {
        if (id > last && id - last < 16) byte(((id - last) << 4) | field.type);
        else {
          byte(field.type);
          integer(id);
        }
        last = id;
        write(field, false);
      }
      byte(0);
    } else if (value.type === 9 || value.type === 10) {
      const { length } = value.items;
      byte((Math.min(length, 15) << 4) | value.of);
      if (length >= 15) varint(length);
      for (const item of value.items) write(item, true);
    } else if (value.type === 8) {
      varint(value.bytes.length);
      raw(value.bytes);
    } else if (value.type === 7) raw(value.bytes);
    else if (value.type === 3) byte(value.value);
    else if ("value" in value) integer(value.value);
    else if (inList) byte(value.type);
  };
  write(root, false);
  return bytes.slice(0, at);
}
