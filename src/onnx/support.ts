import type { PlainGraph, PlainValue } from "./cut-maps.ts";
import { label } from "./cut-maps.ts";
import type { GraphFile } from "./graph-file.ts";
import { type ModelFile, refuse } from "./model-file.ts";
import type { NodeFile } from "./node-file.ts";
import { typeOfElement } from "./tensor.ts";

/** Operator sets that ONNX Runtime has built in. */
const KNOWN_DOMAINS: ReadonlySet<string> = new Set([
  "",
  "ai.onnx.ml",
  "ai.onnx.training",
  "ai.onnx.preview.training",
  "com.microsoft",
  "com.microsoft.nchwc",
  "com.microsoft.experimental",
]);

/** Values of one row of one input: 16 MiB of float32, as much as a request may hold. */
export const MAX_VALUES = 4_194_304;

/** TensorProto.DataType beyond those that can be served, for messages. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  14: "complex64",
  15: "complex128",
  16: "bfloat16",
  17: "float8e4m3fn",
  18: "float8e4m3fnuz",
  19: "float8e5m2",
  20: "float8e5m2fnuz",
  21: "uint4",
  22: "int4",
  23: "float4e2m1",
};

/** Refuses what can never be served, in words that say what to do. Throws `invalid_model`. */
export function refuseUnsupported(model: ModelFile, plain: PlainGraph): void {
  refuseCustomOperators(model, model.graph);
  refuseTwice(plain.inputs, "inputs");
  refuseTwice(plain.outputs, "outputs");
  if (plain.inputs.length === 0)
    throw refuse("takes no inputs: it always answers the same, so there is nothing to serve");
  for (const value of plain.inputs) refuseType(value, "input", "in front of it");
  for (const value of plain.outputs) refuseType(value, "output", "behind it");
  for (const input of plain.inputs) {
    const size = sizeOf(input.shape);
    if (size > MAX_VALUES)
      throw refuse(
        `takes ${size.toLocaleString("en-US")} values as input '${input.name}'; at most ${MAX_VALUES.toLocaleString("en-US")} a row are accepted, since a request of 16 MiB holds no more. Export it for smaller inputs`,
      );
  }
}

const sizeOf = (shape: PlainValue["shape"] = []): number =>
  shape.reduce<number>((size, d) => size * (typeof d === "number" ? d : 1), 1);

function refuseCustomOperators(model: ModelFile, graph: GraphFile): void {
  const custom = (node: NodeFile): boolean =>
    !KNOWN_DOMAINS.has(node.domain) && !model.functions.has(`${node.domain}:${node.op}`);
  const found = graph.nodes.find(custom);
  if (found)
    throw refuse(
      `needs the custom operator ${found.domain}:${found.op} (${label(found)}), which ONNX Runtime does not have built in. Export it without custom operators; what they did before or after the model, do in your program`,
    );
  for (const node of graph.nodes)
    for (const inner of node.graphs) refuseCustomOperators(model, inner);
}

function refuseTwice(values: readonly PlainValue[], what: string): void {
  const names = values.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw refuse(`has two ${what} called '${twice}': export it again`);
  if (names.includes("")) throw refuse(`has ${what} without a name: export it again`);
}

function refuseType({ name, element }: PlainValue, what: string, where: string): void {
  if (typeOfElement(element) !== undefined) return;
  const type = OTHER_TYPES[element] ?? `of element type ${element}`;
  throw refuse(
    `has the ${what} '${name}', which is ${type}: neither JSON nor the tensors of the runtime's interface have that type. Export it with float32 there, or add a Cast ${where}`,
  );
}

/** What a runtime said about a file that it cannot load or run, with what to do about it. */
export function runtimeInWords(
  said: string,
  model: { readonly opsets: Readonly<Record<string, number>>; readonly irVersion: number },
): string {
  const opsets = Object.entries(model.opsets).map(([domain, version]) => `${domain} ${version}`);
  const [, op] = /([\w.]*:?\w+)\(-?\d+\) is not a registered function\/op/.exec(said) ?? [];
  if (/locale/i.test(said))
    return "The model has a StringNormalizer, for which ONNX Runtime needs the system's locale en_US.UTF-8, and this machine has none. Install it (Debian: apt-get install locales, then locale-gen en_US.UTF-8), run the WebAssembly build with MILLWRIGHT_RUNTIME=wasm, or lower the case before the model and export it without.";
  if (op !== undefined)
    return `The model needs the operator ${op}, which this runtime does not have (opsets of the file: ${opsets.join(", ")}). Export it with operators of ONNX itself.`;
  if (/opset|IR version|model version/i.test(said))
    return `The model is newer than this runtime reads (opsets ${opsets.join(", ")}, IR version ${model.irVersion}): ${oneLine(said)}. Export it for an older opset, for example opset_version=17.`;
  if (/Could not find an implementation/i.test(said))
    return `The model uses an operator for a type that the runtime does not compute with: ${oneLine(said)}. Export it in float32.`;
  return `The runtime cannot load or run the model: ${oneLine(said)}.`;
}

const oneLine = (text: string): string =>
  text.replace(/\s+/g, " ").slice(0, 400).replace(/\.$/, "");
