import {
  bytesField,
  eachField,
  type Field,
  messageOf,
  signedOf,
  textField,
  textOf,
  varintField,
} from "./wire.ts";

/** A ValueInfoProto: an input or output. */
export interface ValueFile {
  readonly name: string;
  readonly type: ValueType;
}

/** `element` is a TensorProto.DataType. A dimension is a size, a name, or "" when neither is said; shape undefined: not said. */
export type ValueType =
  | {
      readonly kind: "tensor";
      readonly element: number;
      readonly shape: readonly (number | string)[] | undefined;
    }
  | { readonly kind: "map"; readonly key: number; readonly value: ValueType }
  | { readonly kind: "sequence"; readonly of: ValueType }
  | { readonly kind: "other"; readonly words: string };

export function readValue(field: Field): ValueFile {
  let name = "";
  let type: ValueType = { kind: "other", words: "of no type" };
  eachField(field.body, undefined, (part) => {
    if (part.id === 1) name = textOf(part);
    if (part.id === 2) type = readType(part.body, 0);
  });
  return { name, type };
}

function readType(bytes: Uint8Array, depth: number): ValueType {
  let type: ValueType = { kind: "other", words: "of no type" };
  if (depth > 8) return { kind: "other", words: "nested too deeply" };
  eachField(bytes, undefined, ({ id, body, kind }) => {
    if (kind !== "bytes") return;
    if (id === 1) type = readTensorType(body);
    else if (id === 4) type = readSequence(body, depth);
    else if (id === 5) type = readMap(body, depth);
    else if (id === 8) type = { kind: "other", words: "a sparse tensor" };
    else if (id === 9) type = { kind: "other", words: "optional" };
    else if (id === 7) type = { kind: "other", words: "opaque" };
  });
  return type;
}

function readSequence(bytes: Uint8Array, depth: number): ValueType {
  let of: ValueType = { kind: "other", words: "of no type" };
  eachField(bytes, undefined, ({ id, body }) => {
    if (id === 1) of = readType(body, depth + 1);
  });
  return { kind: "sequence", of };
}

function readMap(bytes: Uint8Array, depth: number): ValueType {
  let key = 0;
  let value: ValueType = { kind: "other", words: "of no type" };
  eachField(bytes, undefined, (field) => {
    if (field.id === 1) key = signedOf(field);
    if (field.id === 2) value = readType(field.body, depth + 1);
  });
  return { kind: "map", key, value };
}

function readTensorType(bytes: Uint8Array): ValueType {
  let element = 0;
  let shape: (number | string)[] | undefined;
  eachField(bytes, undefined, (field) => {
    if (field.id === 1) element = signedOf(field);
    if (field.id !== 2) return;
    const dims: (number | string)[] = [];
    eachField(field.body, undefined, (dim) => {
      if (dim.id === 1) dims.push(readDimension(dim.body));
    });
    shape = dims;
  });
  return { kind: "tensor", element, shape };
}

function readDimension(bytes: Uint8Array): number | string {
  let dim: number | string = "";
  eachField(bytes, undefined, (field) => {
    if (field.id === 1) dim = signedOf(field);
    if (field.id === 2) dim = textOf(field);
  });
  // Some exporters write 0 or -1 for "any".
  return typeof dim === "number" && dim < 1 ? "" : dim;
}

/** The bytes of a tensor's ValueInfoProto, as field `id` of its graph (11 input, 12 output). */
export function valueField(
  id: 11 | 12,
  value: {
    readonly name: string;
    readonly element: number;
    readonly shape: readonly (number | string)[] | undefined;
  },
): Uint8Array {
  const dim = (size: number | string): Uint8Array =>
    bytesField(1, typeof size === "number" ? varintField(1, size) : textField(2, size));
  const shape = value.shape && bytesField(2, messageOf(value.shape.map(dim)));
  const tensor = messageOf([varintField(1, value.element), ...(shape ? [shape] : [])]);
  return bytesField(
    id,
    messageOf([textField(1, value.name), bytesField(2, bytesField(1, tensor))]),
  );
}
