import type { Graph } from "../../onnx/graph.ts";
import type { EmittedDesign } from "../encoding/encoding.ts";

/**
 * Sum over the bag of value x weights of its id: float32 [N, outputs].
 *
 * @param weights outputs x size.
 */
export function emitBagProduct(
  graph: Graph,
  { ids, values }: { readonly ids: string; readonly values: string },
  weights: Float64Array,
  outputs: number,
): string {
  const size = weights.length / outputs;
  const byId = new Float32Array(weights.length);
  for (let k = 0; k < outputs; k++)
    for (let id = 0; id < size; id++) byId[id * outputs + k] = weights[k * size + id]!;
  const axis = graph.constant("int64", [1], [1]);
  if (outputs === 1) {
    const gathered = graph.node("Gather", [graph.constant("float32", [size], byId), ids]);
    return graph.node("ReduceSum", [graph.node("Mul", [gathered, values]), axis]);
  }
  const gathered = graph.node("Gather", [graph.constant("float32", [size, outputs], byId), ids]);
  const column = graph.node("Unsqueeze", [values, graph.constant("int64", [1], [2])]);
  const product = graph.node("Mul", [gathered, column]);
  return graph.node("ReduceSum", [product, axis], { keepdims: 0 });
}

/** All bags as one, with the ids of `matrixOf` less the dense columns: fewer nodes than a product each. */
export function emitOneBag(
  graph: Graph,
  bags: EmittedDesign["bags"],
): { ids: string; values: string } {
  let first = 0;
  const ids = bags.map((bag) => {
    const shifted =
      first === 0 ? bag.ids : graph.node("Add", [bag.ids, graph.constant("int64", [], [first])]);
    first += bag.size;
    return shifted;
  });
  if (bags.length === 1) return { ids: ids[0]!, values: bags[0]!.values };
  return {
    ids: graph.node("Concat", ids, { axis: 1 }),
    values: graph.node(
      "Concat",
      bags.map((bag) => bag.values),
      { axis: 1 },
    ),
  };
}

/**
 * The linear predictor: dense · weights + bags · weights + intercepts, float32 [N, outputs].
 *
 * @param weights outputs x (width + ids of all bags).
 */
export function emitLinear(
  graph: Graph,
  input: EmittedDesign,
  weights: Float64Array,
  intercepts: Float64Array,
): string {
  const outputs = intercepts.length;
  const columns = weights.length / outputs;
  const { width } = input;
  const terms: string[] = [];
  if (width > 0) {
    const dense = new Float32Array(width * outputs);
    for (let k = 0; k < outputs; k++)
      for (let j = 0; j < width; j++) dense[j * outputs + k] = weights[k * columns + j]!;
    terms.push(
      graph.node("MatMul", [input.dense, graph.constant("float32", [width, outputs], dense)]),
    );
  }
  if (input.bags.length > 0) {
    const sparse = new Float64Array((columns - width) * outputs);
    for (let k = 0; k < outputs; k++)
      sparse.set(weights.subarray(k * columns + width, (k + 1) * columns), k * (columns - width));
    terms.push(emitBagProduct(graph, emitOneBag(graph, input.bags), sparse, outputs));
  }
  let sum = graph.constant("float32", [1, outputs], intercepts);
  for (const term of terms) sum = graph.node("Add", [term, sum]);
  return sum;
}
