import type { GraphFile } from "./graph-file.ts";
import { readTensor, type TensorFile } from "./tensor-file.ts";
import {
  bytesField,
  eachField,
  type Field,
  messageOf,
  signedListOf,
  signedOf,
  textField,
  textOf,
} from "./wire.ts";

/** A NodeProto: what it computes from what. */
export interface NodeFile {
  readonly op: string;
  /** "" for the default domain, also where the file writes ai.onnx. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Name → the attribute's bytes; see the readers below. */
  readonly attributes: ReadonlyMap<string, Uint8Array>;
  /** Tensors in its attributes (Constant), and graphs (If, Loop, Scan). */
  readonly tensors: readonly TensorFile[];
  readonly graphs: readonly GraphFile[];
  readonly raw: Uint8Array;
}

export function readNode(field: Field, readGraph: (body: Uint8Array) => GraphFile): NodeFile {
  let [op, domain, name] = ["", "", ""];
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Uint8Array>();
  const tensors: TensorFile[] = [];
  const graphs: GraphFile[] = [];
  eachField(field.body, undefined, (part) => {
    if (part.id === 1) inputs.push(textOf(part));
    else if (part.id === 2) outputs.push(textOf(part));
    else if (part.id === 3) name = textOf(part);
    else if (part.id === 4) op = textOf(part);
    else if (part.id === 7) domain = textOf(part);
    else if (part.id === 5) {
      let key = "";
      eachField(part.body, HELD, (value) => {
        if (value.id === 1) key = textOf(value);
        else if (value.kind !== "bytes") return;
        else if (value.id === 5 || value.id === 10) tensors.push(readTensor(value));
        else graphs.push(readGraph(value.body));
      });
      attributes.set(key, part.body);
    }
  });
  return {
    ...{ op, name, inputs, outputs, attributes, tensors, graphs, raw: field.raw },
    domain: domain === "ai.onnx" ? "" : domain,
  };
}

/** Of an AttributeProto: name, t, g, tensors, graphs. */
const HELD: ReadonlySet<number> = new Set([1, 5, 6, 10, 11]);

export function intOf(node: NodeFile, attribute: string): number | undefined {
  let value: number | undefined;
  const body = node.attributes.get(attribute);
  if (body) eachField(body, new Set([3]), (field) => (value = signedOf(field)));
  return value;
}

export function stringOf(node: NodeFile, attribute: string): string | undefined {
  let value: string | undefined;
  const body = node.attributes.get(attribute);
  if (body) eachField(body, new Set([4]), (field) => (value = textOf(field)));
  return value;
}

/** Integers or strings; undefined where the attribute is absent or empty. */
export function listOf(node: NodeFile, attribute: string): (string | number)[] | undefined {
  const body = node.attributes.get(attribute);
  if (!body) return undefined;
  const strings: string[] = [];
  const ints: number[] = [];
  eachField(body, new Set([8, 9]), (field) => {
    if (field.id === 8) signedListOf(field, ints);
    else strings.push(textOf(field));
  });
  const list = strings.length > 0 ? strings : ints;
  return list.length > 0 ? list : undefined;
}

/** The bytes of a further node, as a field of its graph. */
export function nodeField(node: {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly Uint8Array[];
}): Uint8Array {
  return bytesField(
    1,
    messageOf([
      ...node.inputs.map((input) => textField(1, input)),
      ...node.outputs.map((output) => textField(2, output)),
      textField(3, node.name),
      textField(4, node.op),
      ...(node.attributes ?? []).map((attribute) => bytesField(5, attribute)),
    ]),
  );
}
