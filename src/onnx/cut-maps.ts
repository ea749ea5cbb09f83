import type { GraphFile } from "./graph-file.ts";
import { refuse } from "./model-file.ts";
import { intOf, listOf, type NodeFile, nodeField, stringOf } from "./node-file.ts";
import { ELEMENT_OF } from "./tensor.ts";
import type { ValueType } from "./value-file.ts";
import { messageOf, textField, varintField } from "./wire.ts";

/** An input or output that is a tensor, or has become one. */
export interface PlainValue {
  readonly name: string;
  readonly element: number;
  /** undefined: the file does not say. */
  readonly shape: readonly (number | string)[] | undefined;
  /** It was a map (input) or a list of maps (output): column k of the tensor belongs to keys[k]. */
  readonly keys?: readonly (string | number)[];
  readonly map?: true;
}

/** A graph whose inputs and outputs are tensors. */
export interface PlainGraph {
  readonly inputs: readonly PlainValue[];
  readonly outputs: readonly PlainValue[];
  /** Fields of the graph's nodes. */
  readonly nodes: readonly Uint8Array[];
  /** In words, for the person who imports. */
  readonly notes: readonly string[];
}

/**
 * Runtimes give and take tensors only; scikit-learn's exporters like maps. Maps at the edge of a graph are cut off:
 *
 *     tensor ─ ZipMap ─▶ output          becomes    tensor ─ Identity ─▶ output, and its keys
 *     input ─ DictVectorizer ─▶ tensor   becomes    input as tensor ─ Identity ─▶ tensor, and its keys
 *
 * Names stay as they are. A map in the middle of a graph is refused, naming its node.
 */
export function cutMaps(graph: GraphFile): PlainGraph {
  const notes: string[] = [];
  const replaced = new Map<NodeFile, readonly Uint8Array[]>();
  const initial = new Set(graph.initializers.map(({ name }) => name));
  const taken = graph.inputs.filter(({ name }) => !initial.has(name));
  const inputs = taken.map((input): PlainValue => {
    if (input.type.kind === "tensor") return { name: input.name, ...input.type };
    if (input.type.kind !== "map")
      throw refuse(
        `takes '${input.name}', which is ${inWords(input.type)}: export it with tensors as inputs`,
      );
    const { node, ...cut } = cutInput(graph, input.name, input.type);
    replaced.set(node, [cut.node2]);
    notes.push(
      `input '${input.name}' was a map: it has become the tensor that ${label(node)} made of it`,
    );
    return { ...cut.value, map: true };
  });
  const outputs = graph.outputs.flatMap((output): PlainValue[] => {
    const { name, type } = output;
    if (type.kind === "tensor") return [{ name, ...type }];
    const node = graph.nodes.find(({ outputs: made }) => made.includes(name));
    if (node?.op === "ZipMap") {
      const keys = listOf(node, "classlabels_strings") ?? listOf(node, "classlabels_int64s");
      if (!keys || node.inputs[0] === undefined)
        throw refuse(`has a ZipMap without class labels (${label(node)}): export it again`);
      replaced.set(node, [identity(node.inputs[0], name)]);
      notes.push(`output '${name}' was a list of maps: it is given as a tensor with their keys`);
      return [{ name, element: ELEMENT_OF.float32, shape: ["", keys.length], keys }];
    }
    if (node?.op === "SequenceConstruct" && type.kind === "sequence" && type.of.kind === "tensor") {
      const { element, shape } = type.of;
      const parts = node.inputs.map((from, k) => ({ from, name: `${name}.${k}` }));
      replaced.set(
        node,
        parts.map((part) => identity(part.from, part.name)),
      );
      notes.push(
        `output '${name}' was a list of ${parts.length} tensors: it is given as ${parts.length} outputs`,
      );
      return parts.map((part) => ({ name: part.name, element, shape }));
    }
    notes.push(`output '${name}' is left out: it is ${inWords(type)}`);
    return [];
  });
  if (graph.outputs.length === 0) throw refuse("has no outputs: there is nothing to answer");
  if (outputs.length === 0)
    throw refuse(
      `has no output that is a tensor (${graph.outputs.map(({ name, type }) => `'${name}' is ${inWords(type)}`).join(", ")}): export it with tensors as outputs`,
    );
  const unused = graph.nodes.filter(
    (node) => node.op === "ZipMap" && !replaced.has(node) && !used(graph, node.outputs),
  );
  for (const node of unused) replaced.set(node, []);
  for (const node of replaced.keys()) refuseInnerUse(graph, node);
  return {
    inputs: shapedByZipMap(graph, inputs),
    outputs,
    notes,
    nodes: graph.nodes.flatMap((node) => replaced.get(node) ?? [node.raw]),
  };
}

/** What replaces the one node that reads a map. */
function cutInput(
  graph: GraphFile,
  name: string,
  { key, value: held }: Extract<ValueType, { kind: "map" }>,
): { readonly node: NodeFile; readonly value: PlainValue; readonly node2: Uint8Array } {
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(name));
  const [node] = readers;
  const made = node?.outputs[0];
  if (
    node === undefined ||
    made === undefined ||
    readers.length > 1 ||
    !["DictVectorizer", "CastMap"].includes(node.op)
  )
    throw refuse(
      `takes the map '${name}' in ${readers.map(label).join(" and ") || "no node"}, which cannot be replaced by a tensor: only DictVectorizer or CastMap can. Export it with tensors as inputs`,
    );
  const element = held.kind === "tensor" ? held.element : 0;
  if (node.op === "DictVectorizer") {
    const keys =
      key === ELEMENT_OF.string
        ? listOf(node, "string_vocabulary")
        : listOf(node, "int64_vocabulary");
    if (!keys)
      throw refuse(
        `has a DictVectorizer without a vocabulary for its keys (${label(node)}): export it again`,
      );
    const value = { name, element, shape: ["", keys.length], keys };
    return { node, value, node2: identity(name, made) };
  }
  const to = CAST_TO[stringOf(node, "cast_to") ?? "TO_FLOAT"];
  const width = stringOf(node, "map_form") === "SPARSE" ? intOf(node, "max_map") : undefined;
  if (to === undefined || (width !== undefined && (width < 1 || width > 1_000_000)))
    throw refuse(
      `has a CastMap with attributes that make no sense (${label(node)}): export it again`,
    );
  const keys = width === undefined ? undefined : Array.from({ length: width }, (_, k) => k);
  const value = { name, element, shape: ["", width ?? ""], ...(keys ? { keys } : {}) };
  return { node, value, node2: to === element ? identity(name, made) : cast(name, made, to) };
}

const CAST_TO: Readonly<Record<string, number>> = {
  TO_FLOAT: ELEMENT_OF.float32,
  TO_STRING: ELEMENT_OF.string,
  TO_INT64: ELEMENT_OF.int64,
};

const identity = (from: string, to: string): Uint8Array =>
  nodeField({ op: "Identity", name: `millwright:${to}`, inputs: [from], outputs: [to] });

const cast = (from: string, to: string, element: number): Uint8Array =>
  nodeField({
    ...{ op: "Cast", name: `millwright:${to}`, inputs: [from], outputs: [to] },
    attributes: [messageOf([textField(1, "to"), varintField(3, element), varintField(20, 2)])],
  });

const used = (graph: GraphFile, names: readonly string[]): boolean =>
  graph.nodes.some(({ inputs }) => names.some((name) => inputs.includes(name)));

function refuseInnerUse(graph: GraphFile, node: NodeFile): void {
  if (node.op === "DictVectorizer" || node.op === "CastMap") return;
  const reader = graph.nodes.find(({ inputs }) =>
    node.outputs.some((name) => inputs.includes(name)),
  );
  if (reader)
    throw refuse(
      `computes with a map or list inside (${label(reader)} reads what ${label(node)} makes): export it with tensors as outputs`,
    );
}

/** A graph that only zips: the width of its input is known from the keys. */
function shapedByZipMap(graph: GraphFile, inputs: readonly PlainValue[]): PlainValue[] {
  return inputs.map((input) => {
    if (input.shape !== undefined) return input;
    const zip = graph.nodes.find(
      ({ op, inputs: [from] }) => op === "ZipMap" && from === input.name,
    );
    const keys = zip && (listOf(zip, "classlabels_strings") ?? listOf(zip, "classlabels_int64s"));
    return keys ? { ...input, shape: ["", keys.length] } : input;
  });
}

/** e.g. `node 'zip' (ZipMap)`. */
export const label = ({ op, name }: NodeFile): string =>
  name === "" ? `a ${op} node` : `node '${name.slice(0, 80)}' (${op})`;

function inWords(type: ValueType): string {
  if (type.kind === "tensor") return "a tensor";
  if (type.kind === "map") return "a map";
  if (type.kind === "sequence")
    return type.of.kind === "map" ? "a list of maps" : "a list of tensors";
  return type.words;
}
