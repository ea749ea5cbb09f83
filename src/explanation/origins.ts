import type { GraphNode, GraphNodes } from "../onnx/nodes.ts";
import type { Signature } from "../onnx/signature.ts";

/** Where an encoded feature comes from: the place of a column in the signature, nothing (a constant), or several columns. */
export type Origin = number;
export const NOTHING: Origin = -1;
export const SEVERAL: Origin = -2;

/** Shapes of the values of one run; what is not there is not a tensor. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/**
 * Which column of the user each column of a tensor [N, width] is made of. What an operator does to columns side by side is
 * known for the operators that encoders are made of; any other one mixes all it reads, which is never wrong, only less fine.
 */
export function originsOf(
  graph: GraphNodes,
  signature: Signature,
  shapes: Shapes,
): (tensor: string) => Int32Array {
  const inputs = inputOrigins(signature);
  const known = new Map<string, Int32Array>();
  const of = (name: string): Int32Array => {
    const found = known.get(name);
    if (found) return found;
    const node = graph.producer(name);
    const own = inputs.get(name);
    let origins: Int32Array;
    if (graph.constant(name) || name === "") origins = filled(NOTHING, widthOf(shapes, name));
    else if (node === undefined)
      origins = own ? spread(own, widthOf(shapes, name)) : filled(SEVERAL, widthOf(shapes, name));
    else origins = through(node, name);
    known.set(name, origins);
    return origins;
  };
  const through = (node: GraphNode, name: string): Int32Array => {
    const width = widthOf(shapes, name);
    const parts = node.inputs.map(of);
    const axis = node.attributes.get("axis")?.i ?? 0;
    const last = axis === 1 || axis === -1;
    if (node.op === "Concat" && last) {
      const joined = Int32Array.from(parts.flatMap((part) => [...part]));
      if (joined.length === width) return joined;
    }
    if ((node.op === "Gather" && last) || node.op === "ArrayFeatureExtractor") {
      const chosen = graph.constant(node.inputs[1]!);
      if (chosen) return Int32Array.from(chosen.values, (j) => parts[0]!.at(j) ?? SEVERAL);
    }
    if (BY_COLUMN.has(node.op) && parts.every((part) => part.length === 1 || part.length === width))
      return Int32Array.from({ length: width }, (_, j) =>
        parts.reduce((all, part) => united(all, part[part.length === 1 ? 0 : j]!), NOTHING),
      );
    const all = parts.reduce((sum, part) => part.reduce(united, sum), NOTHING);
    return filled(all, width);
  };
  return of;
}

const united = (a: Origin, b: Origin): Origin =>
  a === NOTHING ? b : b === NOTHING || a === b ? a : SEVERAL;

const filled = (origin: Origin, width: number): Int32Array => new Int32Array(width).fill(origin);

/** The size of the last axis; 1 for scalars and lists of rows. */
const widthOf = (shapes: Shapes, name: string): number => {
  const shape = shapes.get(name) ?? [];
  return shape.length < 2 ? 1 : shape.at(-1)!;
};

const spread = (own: Int32Array, width: number): Int32Array =>
  own.length === width ? own : filled(own.reduce(united, NOTHING), width);

function inputOrigins({ columns, graph }: Signature): Map<string, Int32Array> {
  const origins = new Map<string, Int32Array>();
  columns.forEach(({ name, role }, c) => {
    const names = role === "text" && !graph ? [`${name}#ids`, `${name}#counts`] : [name];
    for (const input of names) origins.set(input, Int32Array.of(c));
  });
  const place = new Map(columns.map(({ name }, c) => [name, c]));
  for (const input of graph?.inputs ?? [])
    origins.set(
      input.name,
      Int32Array.from(input.columns, (name) => place.get(name) ?? SEVERAL),
    );
  return origins;
}

/** Column j of the result is made of columns j of what it reads. */
const BY_COLUMN = new Set([
  ...["Identity", "Cast", "Add", "Sub", "Mul", "Div", "Pow", "Neg", "Abs", "Sqrt", "Log", "Exp"],
  ...["Sign", "Floor", "Ceil", "Round", "Clip", "Min", "Max", "Where", "IsNaN", "Not", "And"],
  ...["Or", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Relu", "Sigmoid"],
  ...["Tanh", "Scaler", "Imputer", "Binarizer", "LabelEncoder"],
]);
