import { utf8ToBytes } from "@noble/hashes/utils.js";
import { MillwrightError } from "../errors.ts";
import { ATTRIBUTE, ELEMENT, ModelProto } from "./schema.ts";
import type { Signature } from "./signature.ts";

/** Opsets every built-in graph is written for; ONNX Runtime 1.16 and newer read them. */
const OPSETS = { "": 18, "ai.onnx.ml": 3 } as const;
const IR_VERSION = 8;
export const SIGNATURE_KEY = "millwright.signature";

type ElementType = keyof typeof ELEMENT;
type Attribute =
  | number
  | string
  | { readonly ints: ArrayLike<number> }
  | { readonly floats: ArrayLike<number> }
  | { readonly strings: readonly string[] }
  | { readonly float: number };

/**
 * Builds one ONNX graph. Names of values are plain strings; `node` returns the name of its (first) output. A bare number
 * attribute is an int; write `{ float: 1 }` for a float.
 */
export interface Graph {
  /** Throws `invalid_data` when the name is in use: a person's column may be called anything. */
  input(name: string, type: ElementType, shape: readonly (number | string)[]): string;
  output(name: string, type: ElementType, shape: readonly (number | string)[]): void;
  constant(
    type: ElementType,
    dims: readonly number[],
    data: ArrayLike<number> | readonly string[],
  ): string;
  node(
    op: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
    options?: NodeOptions,
  ): string;
  /** The finished file. Equal calls give equal bytes. */
  encode(signature: Signature, metadata?: Readonly<Record<string, string>>): Uint8Array;
}

export interface NodeOptions {
  /** `ai.onnx.ml` for trees, encoders and the like. */
  readonly domain?: "ai.onnx.ml";
  /** Names the outputs; by default one, numbered. */
  readonly outputs?: readonly string[];
}

export function graph(): Graph {
  const nodes: object[] = [];
  const initializers: object[] = [];
  const inputs: object[] = [];
  const outputs: object[] = [];
  const taken = new Set<string>();
  let count = 0;
  /** With a `#`, since data with columns called c0, c1, … is common. */
  const fresh = (kind: "c" | "v"): string => {
    const name = `#${kind}${count++}`;
    taken.add(name);
    return name;
  };
  const valueInfo = (name: string, type: ElementType, shape: readonly (number | string)[]) => ({
    name,
    type: {
      tensorType: {
        elemType: ELEMENT[type],
        shape: {
          dim: shape.map((d) => (typeof d === "number" ? { dimValue: d } : { dimParam: d })),
        },
      },
    },
  });
  return {
    input(name, type, shape) {
      if (taken.has(name))
        throw new MillwrightError(
          "invalid_data",
          `A model file cannot have an input called ${JSON.stringify(name)}: that name is used inside it. Rename the column, or leave it out with ignore().`,
        );
      taken.add(name);
      inputs.push(valueInfo(name, type, shape));
      return name;
    },
    output(name, type, shape) {
      outputs.push(valueInfo(name, type, shape));
    },
    constant(type, dims, data) {
      const name = fresh("c");
      initializers.push({ name, dims, dataType: ELEMENT[type], ...tensorPayload(type, data) });
      return name;
    },
    node(op, from, attributes = {}, options = {}) {
      const names = options.outputs ?? [fresh("v")];
      nodes.push({
        opType: op,
        input: from,
        output: names,
        name: `n${nodes.length}`,
        domain: options.domain ?? "",
        attribute: Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value)),
      });
      return names[0]!;
    },
    encode(signature, metadata = {}) {
      const entries = { [SIGNATURE_KEY]: JSON.stringify(signature), ...metadata };
      // Not `fromObject`: what is written here has the shapes it makes, and copying the nodes of trees takes longer than encoding them.
      const model = {
        irVersion: IR_VERSION,
        producerName: "millwright",
        opsetImport: Object.entries(OPSETS).map(([domain, version]) => ({ domain, version })),
        graph: {
          name: "model",
          node: nodes,
          initializer: initializers,
          input: inputs,
          output: outputs,
        },
        metadataProps: Object.entries(entries).map(([key, value]) => ({ key, value })),
      };
      return ModelProto.encode(model).finish();
    },
  };
}

function tensorPayload(type: ElementType, data: ArrayLike<number> | readonly string[]): object {
  if (type === "string")
    return { stringData: Array.from(data as readonly string[], (s) => utf8ToBytes(s)) };
  const numbers = data as ArrayLike<number>;
  const bytes = (array: { buffer: ArrayBuffer }) => ({ rawData: new Uint8Array(array.buffer) });
  if (type === "float32") return bytes(Float32Array.from(numbers));
  if (type === "float64") return bytes(Float64Array.from(numbers));
  if (type === "int64") return bytes(BigInt64Array.from(Array.from(numbers, BigInt)));
  if (type === "int32") return bytes(Int32Array.from(numbers));
  return bytes(Uint8Array.from(numbers));
}

/** Few different texts, each many times: the kinds of a tree's nodes. */
function asBytes(strings: readonly string[]): Uint8Array[] {
  const known = new Map<string, Uint8Array>();
  return strings.map((text) => {
    const bytes = known.get(text) ?? utf8ToBytes(text);
    known.set(text, bytes);
    return bytes;
  });
}

function encodeAttribute(name: string, value: Attribute): object {
  if (typeof value === "number") return { name, type: ATTRIBUTE.int, i: value };
  if (typeof value === "string") return { name, type: ATTRIBUTE.string, s: utf8ToBytes(value) };
  if ("float" in value) return { name, type: ATTRIBUTE.float, f: value.float };
  if ("floats" in value) return { name, type: ATTRIBUTE.floats, floats: value.floats };
  if ("strings" in value) return { name, type: ATTRIBUTE.strings, strings: asBytes(value.strings) };
  return { name, type: ATTRIBUTE.ints, ints: value.ints };
}
