import type { PlainGraph, PlainValue } from "./cut-maps.ts";
import { withData } from "./external-data.ts";
import { SIGNATURE_KEY } from "./graph.ts";
import type { ModelFile } from "./model-file.ts";
import { nodeField } from "./node-file.ts";
import { type RowForm, sizes } from "./row-form.ts";
import type { TaskForm } from "./task-form.ts";
import { ELEMENT_OF } from "./tensor.ts";
import { valueField } from "./value-file.ts";
import { bytesField, messageOf, textField, varintField } from "./wire.ts";

/** For a file that imports only ai.onnx.ml: what is added to it is in every runtime since 2020. */
const OPSET = 13;

/** The file with another graph and further metadata; everything else is copied. */
export function writeModel(
  model: ModelFile,
  graph: Uint8Array,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const opset = ([domain, version]: readonly [string, number]): Uint8Array =>
    bytesField(8, messageOf([textField(1, domain), varintField(2, version)]));
  const entry = ([key, value]: readonly [string, string]): Uint8Array =>
    bytesField(14, messageOf([textField(1, key), textField(2, value)]));
  const kept = [...model.metadata].filter(([key]) => key !== SIGNATURE_KEY);
  return messageOf([
    ...model.rest,
    bytesField(7, graph),
    ...[...new Map([["", OPSET], ...model.opsets])].map(opset),
    ...[...kept, ...Object.entries(metadata)].map(entry),
  ]);
}

/** The graph's bytes: maps cut off, weights inside, inputs and outputs with the shapes that count. */
export function writeGraph(
  { graph }: ModelFile,
  parts: {
    readonly plain: PlainGraph;
    readonly outputs: readonly PlainValue[];
    readonly form: RowForm;
    readonly added: Added | undefined;
    readonly external: ReadonlyMap<string, Uint8Array> | undefined;
  },
): Uint8Array {
  const { plain, outputs, form, added } = parts;
  const initial = new Set(graph.initializers.map(({ name }) => name));
  // Until IR version 3 every initializer was an input, too.
  const constants = graph.inputs.filter(({ name }) => initial.has(name));
  const written = (id: 11 | 12, value: PlainValue, declared: PlainValue["shape"]): Uint8Array =>
    valueField(id, { ...value, shape: value.shape && named(value, declared, form) });
  return messageOf([
    ...plain.nodes,
    ...(added?.nodes ?? []),
    ...graph.initializers.map((tensor) => withData(tensor, parts.external)),
    ...plain.inputs.map((input, i) =>
      written(11, { ...input, shape: form.inputs[i]!.shape.map((d) => d ?? "") }, input.shape),
    ),
    ...constants.flatMap(({ name, type }) =>
      type.kind === "tensor" ? [valueField(11, { name, ...type })] : [],
    ),
    ...outputs.map((output, k) => written(12, output, plain.outputs[k]!.shape)),
    ...(added ? [written(12, added.output, undefined)] : []),
    // What the exporter believed of the shapes inside may be wrong once the rows are free.
    ...(form.batch === null ? [] : graph.valueInfo),
    ...graph.rest,
  ]);
}

/** Every dimension gets a size or a name: one runtime reads a nameless one as 2^32 - 1. */
function named(
  { name, shape }: PlainValue,
  declared: PlainValue["shape"],
  { rows, batch }: RowForm,
): (number | string)[] {
  return sizes(shape).map((size, i) => {
    if (size !== null) return size;
    if (i === 0 && rows && batch === null) return "rows";
    const given = declared?.[i];
    return typeof given === "string" && given !== "" ? given : `${name}_axis_${i}`;
  });
}

/** Nodes behind the scores, and their result: an output that callers do not see. */
export interface Added {
  readonly nodes: readonly Uint8Array[];
  readonly output: PlainValue;
}

/** Makes probabilities of [negative, positive] of the scores; undefined when they are that. */
export function addedBehind({ then, turned }: TaskForm, scores: PlainValue): Added | undefined {
  if (then === undefined && !turned) return undefined;
  const name = "millwright:probabilities";
  const nodes: Uint8Array[] = [];
  let from = scores.name;
  const add = (op: string, inputs: readonly string[], attributes: readonly Uint8Array[]): void => {
    const to = op === "Gather" || !turned ? name : `${name}:${op}`;
    nodes.push(nodeField({ op, name: to, inputs: [from, ...inputs], outputs: [to], attributes }));
    from = to;
  };
  const axis = messageOf([textField(1, "axis"), varintField(3, 1), varintField(20, INT)]);
  if (then === "exp") add("Exp", [], []);
  if (then === "softmax") add("Softmax", [], [axis]);
  if (turned) {
    const order = `${name}:order`;
    const swap = [varintField(7, 1), varintField(7, 0)];
    const tensor = messageOf([varintField(1, 2), varintField(2, ELEMENT_OF.int64), ...swap]);
    const value = messageOf([
      textField(1, "value"),
      bytesField(5, tensor),
      varintField(20, TENSOR),
    ]);
    const constant = { op: "Constant", name: order, inputs: [], outputs: [order] };
    nodes.push(nodeField({ ...constant, attributes: [value] }));
    add("Gather", [order], [axis]);
  }
  return { nodes, output: { ...scores, name } };
}

/** AttributeProto.AttributeType. */
const INT = 2;
const TENSOR = 4;
