import { MillwrightError } from "../errors.ts";
import { type GraphFile, readGraph } from "./graph-file.ts";
import { eachField, signedOf, textOf } from "./wire.ts";

/** A foreign ONNX file, read as far as importing needs. Everything else stays as bytes. */
export interface ModelFile {
  readonly irVersion: number;
  readonly producer: string;
  /** Domain → version; the default domain is "". */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  /** `domain:name` of the functions that the file defines itself. */
  readonly functions: ReadonlySet<string>;
  readonly graph: GraphFile;
  /** All fields but graph, opsets and metadata, to copy. */
  readonly rest: readonly Uint8Array[];
}

const MAX_ENTRIES = 10_000;

/** Throws `invalid_model` when the bytes are no ONNX model, or one that goes beyond what any real one needs. */
export function readModel(bytes: Uint8Array): ModelFile {
  let irVersion = 0;
  const producer: string[] = [];
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  const functions = new Set<string>();
  const rest: Uint8Array[] = [];
  let graph: GraphFile | undefined;
  let count = 0;
  eachField(bytes, undefined, (field) => {
    if (++count > MAX_ENTRIES)
      throw refuse(`has more than ${MAX_ENTRIES} entries beside its graph: it is no real model`);
    if (field.id === 7 && field.kind === "bytes") {
      if (graph) throw refuse("has two graphs: export it again");
      graph = readGraph(field.body);
    } else if (field.id === 8) {
      const { domain, version } = readOpset(field.body);
      opsets.set(domain === "ai.onnx" ? "" : domain, version);
    } else if (field.id === 14) {
      const { key, value } = readEntry(field.body);
      metadata.set(key, value);
    } else {
      if (field.id === 1) irVersion = signedOf(field);
      if (field.id === 2 || field.id === 3) producer.push(textOf(field));
      if (field.id === 25) functions.add(readFunction(field.body));
      rest.push(field.raw);
    }
  });
  if (!graph) throw refuse("holds no graph: it is no ONNX model");
  return {
    ...{ irVersion, opsets, metadata, functions, graph, rest },
    producer: producer.filter(Boolean).join(" "),
  };
}

/** Only the metadata: what loading a model needs of it. */
export function readMetadata(bytes: Uint8Array): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  eachField(bytes, new Set([14]), (field) => {
    const { key, value } = readEntry(field.body);
    metadata.set(key, value);
  });
  return metadata;
}

/** A StringStringEntryProto. */
export function readEntry(bytes: Uint8Array): { readonly key: string; readonly value: string } {
  const entry = { key: "", value: "" };
  eachField(bytes, undefined, (field) => {
    if (field.id === 1) entry.key = textOf(field);
    if (field.id === 2) entry.value = textOf(field);
  });
  return entry;
}

function readOpset(bytes: Uint8Array): { readonly domain: string; readonly version: number } {
  const opset = { domain: "", version: 0 };
  eachField(bytes, undefined, (field) => {
    if (field.id === 1) opset.domain = textOf(field);
    if (field.id === 2) opset.version = signedOf(field);
  });
  return opset;
}

function readFunction(bytes: Uint8Array): string {
  let [domain, name] = ["", ""];
  eachField(bytes, new Set([1, 10]), (field) => {
    if (field.id === 1) name = textOf(field);
    else domain = textOf(field);
  });
  return `${domain}:${name}`;
}

export const refuse = (what: string): MillwrightError =>
  new MillwrightError("invalid_model", `The model ${what}.`);
