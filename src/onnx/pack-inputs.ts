import { nodeField } from "./node-file.ts";
import { readTensor } from "./tensor-file.ts";
import { readValue, type ValueFile, valueField } from "./value-file.ts";
import {
  bytesField,
  eachField,
  messageOf,
  signedOf,
  textField,
  textOf,
  varintField,
} from "./wire.ts";

/** Inputs [N,1] that have become the columns of one input [N, inputs.length]. */
export interface Pack {
  readonly name: string;
  readonly type: "float32" | "string";
  readonly inputs: readonly string[];
}

export interface PackedModel {
  readonly bytes: Uint8Array;
  readonly packs: readonly Pack[];
}

/** Below, there is nothing to gain. */
const MIN_COLUMNS = 3;
/** The first opset in which Split takes its sizes as an input. */
const MIN_OPSET = 13;
const TYPES = new Map<number, Pack["type"]>([
  [1, "float32"],
  [8, "string"],
]);

/**
 * A model with one input a column, as the trainers write it, with its columns joined: the graph gets a wide input and cuts it
 * with Split. Handing one tensor to ONNX Runtime for Node costs 2 to 3 µs, as much as a tree ensemble needs for a row: 28
 * columns took 70 µs a run, packed 14. What the graph computes is the same. Files without enough such columns come back as they are.
 */
export function packInputs(bytes: Uint8Array): PackedModel {
  const rest: Uint8Array[] = [];
  let graph: Uint8Array | undefined;
  let opset = 0;
  eachField(bytes, undefined, (field) => {
    if (field.id === 7) graph = field.body;
    else rest.push(field.raw);
    if (field.id === 8) opset = Math.max(opset, defaultOpset(field.body));
  });
  if (graph === undefined || opset < MIN_OPSET) return { bytes, packs: [] };
  const packed = packGraph(graph);
  if (packed.packs.length === 0) return { bytes, packs: [] };
  return { bytes: messageOf([...rest, bytesField(7, packed.bytes)]), packs: packed.packs };
}

function packGraph(graph: Uint8Array): PackedModel {
  const rest: Uint8Array[] = [];
  const inputs: { readonly value: ValueFile; readonly raw: Uint8Array }[] = [];
  const initial = new Set<string>();
  eachField(graph, undefined, (field) => {
    if (field.id === 11) inputs.push({ value: readValue(field), raw: field.raw });
    else rest.push(field.raw);
    if (field.id === 5) initial.add(readTensor(field).name);
  });
  const packs = [...TYPES].flatMap(([element, type]): Pack[] => {
    const columns = inputs.filter(({ value }) => isColumn(value, element, initial));
    if (columns.length < MIN_COLUMNS) return [];
    return [{ name: `#packed ${type}`, type, inputs: columns.map(({ value }) => value.name) }];
  });
  const packed = new Set(packs.flatMap((pack) => pack.inputs));
  const fields = [
    ...packs.flatMap(splitFields),
    ...inputs.filter(({ value }) => !packed.has(value.name)).map(({ raw }) => raw),
    ...rest,
  ];
  return { bytes: messageOf(fields), packs };
}

/** One value a row, any number of rows. An initializer is a default, not a column. */
const isColumn = (
  { name, type }: ValueFile,
  element: number,
  initial: ReadonlySet<string>,
): boolean =>
  type.kind === "tensor" &&
  type.element === element &&
  type.shape?.length === 2 &&
  typeof type.shape[0] === "string" &&
  type.shape[1] === 1 &&
  !initial.has(name);

/** Input, sizes and the node that cuts. It goes before all other nodes, since a graph's nodes are in the order of their use. */
function splitFields({ name, type, inputs }: Pack): Uint8Array[] {
  const element = type === "float32" ? 1 : 8;
  const sizes = `${name} sizes`;
  const ones = new Uint8Array(new BigInt64Array(inputs.length).fill(1n).buffer);
  const axis = messageOf([textField(1, "axis"), varintField(3, 1), varintField(20, INT)]);
  return [
    nodeField({
      ...{ op: "Split", name: `${name} split`, inputs: [name, sizes], outputs: inputs },
      attributes: [axis],
    }),
    bytesField(
      5,
      messageOf([
        varintField(1, inputs.length),
        varintField(2, INT64),
        textField(8, sizes),
        bytesField(9, ones),
      ]),
    ),
    valueField(11, { name, element, shape: ["N", inputs.length] }),
  ];
}

/** AttributeProto.INT and TensorProto.INT64. */
const INT = 2;
const INT64 = 7;

function defaultOpset(entry: Uint8Array): number {
  let [domain, version] = ["", 0];
  eachField(entry, undefined, (field) => {
    if (field.id === 1) domain = textOf(field);
    if (field.id === 2) version = signedOf(field);
  });
  return domain === "" || domain === "ai.onnx" ? version : 0;
}
