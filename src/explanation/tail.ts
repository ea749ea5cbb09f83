import type { GraphNode, GraphNodes } from "../onnx/nodes.ts";
import { isTreeNode } from "./read-trees.ts";

/**
 * The end of a graph: which tensor holds what the model adds up, and what turns that into its scores. `margin` is [N,K], or
 * [N,1] where it speaks of the second of two classes.
 */
export interface Tail {
  readonly margin: string;
  readonly link: "none" | "logistic" | "softmax";
  /** The operator that makes both the margin and the scores, where one does: its own link is in it. */
  readonly node: GraphNode | undefined;
}

/** Walks back from the scores through what only renames, turns sums into probabilities or writes both classes down. */
export function readTail(graph: GraphNodes, scores: string): Tail {
  let margin = scores;
  let link: Tail["link"] = "none";
  for (;;) {
    const node = graph.producer(margin);
    if (node === undefined) return { margin, link, node: undefined };
    if (isTreeNode(node) || LINEAR.has(node.op)) return { margin, link, node };
    const before = stepBack(graph, node, link);
    if (before === undefined) return { margin, link, node: undefined };
    margin = before.margin;
    link = before.link;
  }
}

const LINEAR = new Set(["LinearClassifier", "LinearRegressor"]);

function stepBack(
  graph: GraphNodes,
  node: GraphNode,
  link: Tail["link"],
): { margin: string; link: Tail["link"] } | undefined {
  const [first, second] = node.inputs;
  if (first === undefined) return undefined;
  // A normaliser of probabilities that add up to 1 already changes nothing; whether it does is checked by running the model.
  if (["Identity", "Cast", "Normalizer"].includes(node.op)) return { margin: first, link };
  if (node.op === "Sigmoid" && link === "none") return { margin: first, link: "logistic" };
  if (node.op === "Softmax" && link === "none") return { margin: first, link: "softmax" };
  if (node.op === "Mul" && link === "logistic" && isNumbers(graph, second, [-1, 1]))
    return { margin: first, link };
  if (node.op === "Concat" && link === "none" && second !== undefined && node.inputs.length === 2) {
    const negative = graph.producer(first);
    const complement =
      negative?.op === "Sub" &&
      isNumbers(graph, negative.inputs[0], [1]) &&
      negative.inputs[1] === second;
    if (complement) return { margin: second, link };
  }
  return undefined;
}

function isNumbers(
  graph: GraphNodes,
  name: string | undefined,
  wanted: readonly number[],
): boolean {
  const values = name === undefined ? undefined : graph.constant(name)?.values;
  return values?.length === wanted.length && wanted.every((v, i) => values[i] === v);
}
