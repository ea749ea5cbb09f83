import type { ConstantTensor, GraphNode, GraphNodes } from "../onnx/nodes.ts";

/** A linear model as it stands in a graph: margin [N, outputs] = bias + the sum of its terms. */
export interface LinearTerms {
  readonly outputs: number;
  readonly bias: Float64Array;
  readonly terms: readonly LinearTerm[];
}

/** `weights`: width x outputs. */
export type LinearTerm = DenseTerm | BagTerm;

interface DenseTerm {
  readonly kind: "dense";
  readonly tensor: string;
  readonly weights: Float64Array;
}

/** The sum over position p of values[p] x weights of id ids[p] + shift. */
export interface BagTerm {
  readonly kind: "bag";
  readonly ids: string;
  readonly values: string;
  readonly shift: number;
  readonly weights: Float64Array;
}

/** undefined: the tensor is not made linearly from what we can name. */
export function linearTerms(graph: GraphNodes, margin: string): LinearTerms | undefined {
  const last = graph.producer(margin);
  if (last?.op === "LinearClassifier" || last?.op === "LinearRegressor")
    return linearOperator(last);
  const found = decompose(graph, margin);
  if (found === undefined || found.terms.length === 0) return undefined;
  const outputs = Math.max(found.bias.length, ...found.terms.map((term) => term.outputs));
  if (found.terms.some((term) => term.outputs !== outputs)) return undefined;
  const bias = new Float64Array(outputs).map(
    (_, k) => found.bias[found.bias.length === 1 ? 0 : k]!,
  );
  const terms = found.terms.flatMap(({ term }): readonly LinearTerm[] =>
    term.kind === "bag" ? parts(graph, term) : [term],
  );
  return { outputs, bias, terms };
}

interface Found {
  /** One number, or one an output. */
  readonly bias: Float64Array;
  readonly terms: readonly { readonly term: LinearTerm; readonly outputs: number }[];
}

function decompose(graph: GraphNodes, name: string): Found | undefined {
  const constant = graph.constant(name);
  if (constant) return isRow(constant) ? { bias: constant.values, terms: [] } : undefined;
  const node = graph.producer(name);
  if (node === undefined) return undefined;
  const [a, b] = node.inputs;
  switch (node.op) {
    case "Identity":
    case "Cast":
      return decompose(graph, a!);
    case "Add":
      return added(decompose(graph, a!), decompose(graph, b!));
    case "Sub":
      return added(decompose(graph, a!), scaled(decompose(graph, b!), Float64Array.of(-1)));
    case "Mul": {
      const factor = graph.constant(b!) ?? graph.constant(a!);
      const other = graph.constant(b!) ? a! : b!;
      return factor && isRow(factor) ? scaled(decompose(graph, other), factor.values) : undefined;
    }
    case "MatMul":
      return matrix(graph, a!, b!);
    case "Gemm":
      return gemm(graph, node);
    case "ReduceSum":
      return bag(graph, node);
    default:
      return undefined;
  }
}

/** A number, [K] or [1,K]. */
const isRow = ({ dims, values }: ConstantTensor): boolean =>
  dims.slice(0, -1).every((d) => d === 1) && values.length > 0;

const at = (values: Float64Array, k: number): number => values[values.length === 1 ? 0 : k]!;

function added(a: Found | undefined, b: Found | undefined): Found | undefined {
  if (a === undefined || b === undefined) return undefined;
  const width = Math.max(a.bias.length, b.bias.length);
  const bias = new Float64Array(width).map((_, k) => at(a.bias, k) + at(b.bias, k));
  return { bias, terms: [...a.terms, ...b.terms] };
}

function scaled(found: Found | undefined, factor: Float64Array): Found | undefined {
  if (found === undefined) return undefined;
  const width = Math.max(found.bias.length, factor.length);
  const bias = new Float64Array(width).map((_, k) => at(found.bias, k) * at(factor, k));
  if (factor.length > 1 && found.terms.some(({ outputs }) => outputs !== factor.length))
    return undefined;
  const terms = found.terms.map(({ term, outputs }) => ({
    outputs,
    term: { ...term, weights: term.weights.map((w, i) => w * at(factor, i % outputs)) },
  }));
  return { bias, terms };
}

const ZERO = () => new Float64Array(1);

function matrix(graph: GraphNodes, tensor: string, name: string): Found | undefined {
  const constant = graph.constant(name);
  if (constant?.dims.length !== 2) return undefined;
  const term = { kind: "dense", tensor, weights: constant.values } as const;
  return { bias: ZERO(), terms: [{ term, outputs: constant.dims[1]! }] };
}

function gemm(graph: GraphNodes, { inputs, attributes }: GraphNode): Found | undefined {
  const [a, b, c] = inputs;
  const constant = graph.constant(b!);
  if (constant?.dims.length !== 2 || attributes.get("transA")?.i) return undefined;
  const transposed = attributes.get("transB")?.i === 1;
  const [outputs, width] = transposed ? constant.dims : [constant.dims[1]!, constant.dims[0]!];
  const alpha = attributes.get("alpha")?.f ?? 1;
  const weights = new Float64Array(width! * outputs!);
  for (let j = 0; j < width!; j++)
    for (let k = 0; k < outputs!; k++)
      weights[j * outputs! + k] =
        alpha * constant.values[transposed ? k * width! + j : j * outputs! + k]!;
  const product: Found = {
    bias: ZERO(),
    terms: [{ term: { kind: "dense", tensor: a!, weights }, outputs: outputs! }],
  };
  if (!c) return product;
  const beta = attributes.get("beta")?.f ?? 1;
  return added(product, scaled(decompose(graph, c), Float64Array.of(beta)));
}

/** Our own sparse product: ReduceSum over positions of Gather(table, ids) x values. */
function bag(graph: GraphNodes, node: GraphNode): Found | undefined {
  const axes = graph.constant(node.inputs[1] ?? "")?.values ?? node.attributes.get("axes")?.ints;
  const product = graph.producer(node.inputs[0]!);
  if (axes?.length !== 1 || axes[0] !== 1 || product?.op !== "Mul") return undefined;
  const gather = graph.producer(product.inputs[0]!);
  if (gather?.op !== "Gather") return undefined;
  const table = graph.constant(gather.inputs[0]!);
  if (table === undefined || table.dims.length > 2) return undefined;
  const outputs = table.dims.length === 2 ? table.dims[1]! : 1;
  let values = product.inputs[1]!;
  const column = graph.producer(values);
  if (table.dims.length === 2) {
    if (column?.op !== "Unsqueeze") return undefined;
    values = column.inputs[0]!;
  }
  const ids = gather.inputs[1]!;
  const term = { kind: "bag", ids, values, shift: 0, weights: table.values } as const;
  return { bias: ZERO(), terms: [{ term, outputs }] };
}

/** One bag made of several side by side, taken apart again, each with the ids of its own column. */
function parts(graph: GraphNodes, term: BagTerm): BagTerm[] {
  const ids = graph.producer(term.ids);
  const values = graph.producer(term.values);
  if (ids?.op === "Concat" && values?.op === "Concat" && ids.inputs.length === values.inputs.length)
    return ids.inputs.flatMap((own, j) =>
      parts(graph, { ...term, ids: own, values: values.inputs[j]! }),
    );
  const shift = ids?.op === "Add" ? graph.constant(ids.inputs[1]!) : undefined;
  if (shift?.values.length === 1)
    return parts(graph, { ...term, ids: ids!.inputs[0]!, shift: term.shift + shift.values[0]! });
  return [term];
}

/** LinearClassifier: coefficients class by class; LinearRegressor: target by target. */
function linearOperator(node: GraphNode): LinearTerms | undefined {
  const coefficients = node.attributes.get("coefficients")?.floats ?? [];
  const intercepts = node.attributes.get("intercepts")?.floats ?? [];
  const classes =
    (node.attributes.get("classlabels_strings")?.strings.length ?? 0) ||
    (node.attributes.get("classlabels_ints")?.ints.length ?? 0);
  const outputs =
    node.op === "LinearRegressor" ? (node.attributes.get("targets")?.i ?? 1) : intercepts.length;
  if (outputs === 0 || coefficients.length % outputs !== 0) return undefined;
  if (classes > 2 && classes !== outputs) return undefined;
  const width = coefficients.length / outputs;
  const weights = new Float64Array(coefficients.length);
  for (let k = 0; k < outputs; k++)
    for (let j = 0; j < width; j++) weights[j * outputs + k] = coefficients[k * width + j]!;
  const bias = new Float64Array(outputs);
  bias.set(intercepts.slice(0, outputs));
  return { outputs, bias, terms: [{ kind: "dense", tensor: node.inputs[0]!, weights }] };
}

/** Every such product in the graph: what a linear score of a text, which is a feature of trees, is made of. */
export const textProducts = (graph: GraphNodes): BagTerm[] =>
  graph.nodes
    .filter(({ op }) => op === "ReduceSum")
    .flatMap((node) => bag(graph, node)?.terms ?? [])
    .flatMap(({ term }) => (term.kind === "bag" ? parts(graph, term) : []));
