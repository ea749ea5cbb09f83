import {
  bytesField,
  eachField,
  type Field,
  messageOf,
  signedListOf,
  signedOf,
  textOf,
  varintField,
} from "./wire.ts";

/** A TensorProto. */
export interface TensorFile {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly number[];
  /** Where its data is when it is in a file of its own: key → value of the format (location, offset, length). */
  readonly external: ReadonlyMap<string, string> | undefined;
  /** The field of the message it stands in. */
  readonly raw: Uint8Array;
}

const EXTERNAL = 1;

export function readTensor(field: Field): TensorFile {
  let [name, type, location] = ["", 0, 0];
  const dims: number[] = [];
  const entries = new Map<string, string>();
  eachField(field.body, READ, (part) => {
    if (part.id === 1) signedListOf(part, dims);
    else if (part.id === 2) type = signedOf(part);
    else if (part.id === 8) name = textOf(part);
    else if (part.id === 14) location = signedOf(part);
    else {
      let [key, value] = ["", ""];
      eachField(part.body, undefined, (text) => {
        if (text.id === 1) key = textOf(text);
        if (text.id === 2) value = textOf(text);
      });
      entries.set(key, value);
    }
  });
  return {
    name,
    type,
    dims,
    external: location === EXTERNAL ? entries : undefined,
    raw: field.raw,
  };
}

const READ: ReadonlySet<number> = new Set([1, 2, 8, 13, 14]);

/** The tensor's message with the data inside. */
export function inlined(body: Uint8Array, data: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  eachField(body, undefined, (part) => {
    if (part.id !== 13 && part.id !== 14 && part.id !== 9) kept.push(part.raw);
  });
  return messageOf([...kept, bytesField(9, data), varintField(14, 0)]);
}
