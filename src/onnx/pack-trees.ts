import { decodeUtf8 } from "../table/utf8.ts";
import { nodeField } from "./node-file.ts";
import {
  bytesField,
  eachField,
  type Field,
  messageOf,
  packedInts,
  textField,
  textOf,
  varintField,
} from "./wire.ts";

/** Below, there is nothing to gain. */
const MIN_BYTES = 64 * 1024;
/** Operators of ai.onnx.ml that mean the same in its versions 3 and 5. */
const SAME: ReadonlySet<string> = new Set(["LabelEncoder", "TreeEnsembleRegressor"]);
const HOLD_GRAPHS: ReadonlySet<string> = new Set(["If", "Loop", "Scan"]);

/**
 * A model with its large tree ensembles as TreeEnsemble (ai.onnx.ml 5) in the place of TreeEnsembleRegressor (1 to 4), whose nodes
 * each name their mode in a text, their tree and themselves. ONNX Runtime keeps what a file says beside what it makes of it: a forest
 * of 125,000 nodes took 20 MB, so written 9, and half the time to load. Thresholds, leaves and the order of sums are the same, and so
 * are the answers, bit by bit. Files with other trees than the trainers write come back as they are.
 */
export function packTrees(bytes: Uint8Array): Uint8Array {
  if (bytes.length < MIN_BYTES) return bytes;
  const rest: Uint8Array[] = [];
  let graph: Uint8Array | undefined;
  let version = 0;
  eachField(bytes, undefined, (field) => {
    const opset = field.id === 8 ? opsetOf(field.body) : undefined;
    if (opset?.domain === ML) version = opset.version;
    else if (field.id === 7) graph = field.body;
    else rest.push(field.raw);
  });
  if (graph === undefined || version < 3 || version > 4) return bytes;
  const packed = packGraph(graph);
  if (packed === undefined) return bytes;
  const opset = messageOf([textField(1, ML), varintField(2, 5)]);
  return messageOf([...rest, bytesField(8, opset), bytesField(7, packed)]);
}

const ML = "ai.onnx.ml";

function opsetOf(body: Uint8Array): { readonly domain: string; readonly version: number } {
  const opset = { domain: "", version: 0 };
  eachField(body, undefined, (field) => {
    if (field.id === 1) opset.domain = textOf(field);
    if (field.id === 2) opset.version = Number(field.value);
  });
  return opset;
}

/** undefined: nothing to write anew, or something that may mean another thing in version 5. */
function packGraph(graph: Uint8Array): Uint8Array | undefined {
  const fields: Uint8Array[] = [];
  let known = true;
  let packed = 0;
  eachField(graph, undefined, (field) => {
    const { op, domain } = field.id === 1 ? kindOf(field.body) : { op: "", domain: "" };
    if (domain === ML ? !SAME.has(op) : HOLD_GRAPHS.has(op)) known = false;
    const large = op === "TreeEnsembleRegressor" && field.body.length >= MIN_BYTES;
    const anew = large ? packNode(field) : undefined;
    if (anew !== undefined) packed++;
    fields.push(...(anew ?? [field.raw]));
  });
  return known && packed > 0 ? messageOf(fields) : undefined;
}

function kindOf(node: Uint8Array): { readonly op: string; readonly domain: string } {
  const kind = { op: "", domain: "" };
  eachField(node, KIND, (field) => {
    if (field.id === 4) kind.op = textOf(field);
    else kind.domain = textOf(field);
  });
  return kind;
}

const KIND: ReadonlySet<number> = new Set([4, 7]);

/** The fields of the graph that do what a TreeEnsembleRegressor does; undefined where it is none of the trainers'. */
function packNode(field: Field): Uint8Array[] | undefined {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Uint8Array>();
  let name = "";
  eachField(field.body, undefined, (part) => {
    if (part.id === 1) inputs.push(textOf(part));
    if (part.id === 2) outputs.push(textOf(part));
    if (part.id === 3) name = textOf(part);
    if (part.id === 5) attributes.set(nameOf(part.body), part.body);
  });
  const body = (of: string): Uint8Array => attributes.get(of) ?? new Uint8Array();
  if (textIn(body("post_transform")) !== "NONE") return undefined;
  const aggregate = ["AVERAGE", "SUM"].indexOf(textIn(body("aggregate_function")));
  const trees = readTrees(body);
  if (aggregate < 0 || trees === undefined) return undefined;
  const { roots, feature, split, yes, no, missingYes, targets, weights } = trees;
  const base = floatsIn(body("base_values"));
  const made = [
    intAttribute("n_targets", intIn(body("n_targets"))),
    intAttribute("aggregate_function", aggregate),
    intAttribute("post_transform", 0),
    intsAttribute("tree_roots", roots),
    intsAttribute("nodes_featureids", feature),
    tensorAttribute("nodes_splits", FLOAT, split.length, bytesOf(split)),
    tensorAttribute("nodes_modes", UINT8, feature.length, new Uint8Array(feature.length)),
    intsAttribute("nodes_truenodeids", yes.at),
    intsAttribute("nodes_trueleafs", yes.leaf),
    intsAttribute("nodes_falsenodeids", no.at),
    intsAttribute("nodes_falseleafs", no.leaf),
    ...(missingYes.includes(1)
      ? [intsAttribute("nodes_missing_value_tracks_true", missingYes)]
      : []),
    intsAttribute("leaf_targetids", targets),
    tensorAttribute("leaf_weights", FLOAT, weights.length, bytesOf(weights)),
  ];
  const [output] = outputs as [string];
  const sum = base === undefined ? output : `${output} sum`;
  const node = messageOf([
    ...inputs.map((input) => textField(1, input)),
    ...[textField(2, sum), textField(3, name), textField(4, "TreeEnsemble"), textField(7, ML)],
    ...made.map((attribute) => bytesField(5, attribute)),
  ]);
  if (base === undefined) return [bytesField(1, node)];
  const constant = `${output} base`;
  const add = { op: "Add", name: `${name} base`, inputs: [sum, constant], outputs };
  const values = tensor(constant, FLOAT, base.length, bytesOf(base));
  return [bytesField(1, node), nodeField(add), bytesField(5, values)];
}

/** The name of an attribute is its first field. */
const nameOf = (attribute: Uint8Array): string =>
  attribute[0] === TAG.name ? decodeUtf8(attribute, 2, 2 + attribute[1]!) : "";

interface Trees {
  readonly roots: number[];
  /** One an inner node. */
  readonly feature: Int32Array;
  readonly split: Float32Array;
  readonly yes: Children;
  readonly no: Children;
  readonly missingYes: Int32Array;
  /** One a leaf. */
  readonly targets: Int32Array;
  readonly weights: Float32Array;
}

/** Numbers of inner nodes, or of leaves where `leaf` is 1. */
interface Children {
  readonly at: Int32Array;
  readonly leaf: Int32Array;
}

/** As `emitTrees` writes them: a tree's nodes one after the other from its root, one weight a leaf, in the order of the leaves. */
function readTrees(body: (attribute: string) => Uint8Array): Trees | undefined {
  const modes = modesIn(body("nodes_modes"));
  const size = modes?.length ?? 0;
  const lists = [
    ...["nodes_treeids", "nodes_nodeids", "nodes_featureids"],
    ...["nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true"],
  ].map((name) => intsIn(body(name), size));
  const thresholds = floatsIn(body("nodes_values"));
  const weights = floatsIn(body("target_weights"));
  const [of, at, targets] = ["target_treeids", "target_nodeids", "target_ids"].map((name) =>
    intsIn(body(name), weights?.length ?? 0),
  );
  if (modes === undefined || thresholds?.length !== size || size === 0 || weights === undefined)
    return undefined;
  if (of === undefined || at === undefined || targets === undefined) return undefined;
  if (lists.includes(undefined)) return undefined;
  const [tree, id, featureIds, trueIds, falseIds, missing] = lists as Int32Array[];
  /** Number of a node among the inner ones, or among the leaves. */
  const number = new Int32Array(size);
  /** Of the inner nodes: where they are, and where their tree begins. */
  const places = new Int32Array(size);
  const begins = new Int32Array(size);
  const roots: number[] = [];
  let [inner, leaves, start] = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    if (i === 0 || tree![i] !== tree![i - 1]) {
      // A tree that is a leaf has no root among the inner nodes.
      if (modes[i] === LEAF) return undefined;
      roots.push(inner);
      start = i;
    }
    if (tree![i] !== roots.length - 1 || id![i] !== i - start) return undefined;
    if (modes[i] === LEAF) {
      if (of[leaves] !== tree![i] || at[leaves] !== id![i]) return undefined;
      number[i] = leaves++;
    } else {
      places[inner] = i;
      begins[inner] = start;
      number[i] = inner++;
    }
  }
  if (leaves !== weights.length) return undefined;
  const children = (ids: Int32Array): Children => {
    const [at, leaf] = [new Int32Array(inner), new Int32Array(inner)];
    for (let k = 0; k < inner; k++) {
      const node = begins[k]! + ids[places[k]!]!;
      at[k] = number[node]!;
      leaf[k] = modes[node] === LEAF ? 1 : 0;
    }
    return { at, leaf };
  };
  const kept = <List extends Int32Array | Float32Array>(list: List, into: List): List => {
    for (let k = 0; k < inner; k++) into[k] = list[places[k]!]!;
    return into;
  };
  return {
    ...{ roots, targets, weights, yes: children(trueIds!), no: children(falseIds!) },
    feature: kept(featureIds!, new Int32Array(inner)),
    split: kept(thresholds, new Float32Array(inner)),
    missingYes: kept(missing!, new Int32Array(inner)),
  };
}

/** AttributeProto.AttributeType and TensorProto.DataType. */
const [INT, TENSOR, INTS] = [2, 4, 7];
const [FLOAT, UINT8] = [1, 2];

const intAttribute = (name: string, value: number): Uint8Array =>
  messageOf([textField(1, name), varintField(3, value), varintField(20, INT)]);

const intsAttribute = (name: string, values: ArrayLike<number>): Uint8Array =>
  messageOf([textField(1, name), bytesField(8, packedInts(values)), varintField(20, INTS)]);

const tensorAttribute = (name: string, type: number, size: number, data: Uint8Array): Uint8Array =>
  messageOf([
    textField(1, name),
    bytesField(5, tensor(name, type, size, data)),
    varintField(20, TENSOR),
  ]);

const tensor = (name: string, type: number, size: number, data: Uint8Array): Uint8Array =>
  messageOf([varintField(1, size), varintField(2, type), textField(8, name), bytesField(9, data)]);

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function textIn(attribute: Uint8Array): string {
  let text = "";
  eachField(attribute, new Set([4]), (field) => {
    text = textOf(field);
  });
  return text;
}

function intIn(attribute: Uint8Array): number {
  let value = 1;
  eachField(attribute, new Set([3]), (field) => {
    value = Number(field.value);
  });
  return value;
}

/** undefined: there are none. */
function floatsIn(attribute: Uint8Array): Float32Array | undefined {
  const view = new DataView(attribute.buffer, attribute.byteOffset, attribute.length);
  const values = new Float32Array(Math.floor(attribute.length / 5));
  let count = 0;
  const whole = eachOf(attribute, TAG.float, (at) => {
    values[count++] = at + 4 <= attribute.length ? view.getFloat32(at, true) : Number.NaN;
    return at + 4;
  });
  return whole && count > 0 ? values.slice(0, count) : undefined;
}

/** undefined: not so many, or one that is no place in a list. */
function intsIn(attribute: Uint8Array, size: number): Int32Array | undefined {
  const values = new Int32Array(size);
  let count = 0;
  const whole = eachOf(attribute, TAG.int, (from) => {
    let at = from;
    let value = 0;
    let shift = 0;
    let byte = 0x80;
    for (; byte >= 0x80; shift += 7) {
      byte = attribute[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
    }
    values[count++] = shift > 28 ? -1 : value;
    return at;
  });
  return whole && count === size && !values.includes(-1) ? values : undefined;
}

const [LEQ, LEAF, OTHER] = [0, 1, 2];

/** LEQ or LEAF; undefined where there is another. */
function modesIn(attribute: Uint8Array): Uint8Array | undefined {
  const modes: number[] = [];
  const whole = eachOf(attribute, TAG.text, (at) => {
    const length = attribute[at]!;
    // The two are told from the six others by their length and a letter.
    const isLeq = length === "BRANCH_LEQ".length && attribute[at + 8] === L;
    modes.push(length === "LEAF".length ? LEAF : isLeq ? LEQ : OTHER);
    return at + 1 + length;
  });
  return whole && !modes.includes(OTHER) ? Uint8Array.from(modes) : undefined;
}

const L = "L".charCodeAt(0);

/** Number and wire type of an AttributeProto's fields, as the byte before them. */
const TAG = { name: 0x0a, float: 0x3d, int: 0x40, text: 0x4a, type: 0xa0 } as const;

/**
 * The elements of an attribute that is a list, each a field, as the trainers' files have them: `eachField` would make objects of
 * millions of numbers. False where there is anything else in it than its name and type.
 * @param see gets where an element's content begins, gives where it ends.
 */
function eachOf(attribute: Uint8Array, tag: number, see: (at: number) => number): boolean {
  let at = 0;
  while (at < attribute.length) {
    const found = attribute[at++];
    if (found === tag) at = see(at);
    else if (found === TAG.name) at += 1 + attribute[at]!;
    else if (found === TAG.type) at += 2;
    else return false;
  }
  return at === attribute.length;
}
