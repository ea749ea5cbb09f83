import type { GraphFile } from "./graph-file.ts";
import { listOf, type NodeFile } from "./node-file.ts";

/**
 * How many values a row of an input needs at least, where the file leaves its width open ([N, any]) but trees look at numbered
 * features of it. ONNX Runtime does not check: a tree reads beyond a row that is too short, into other memory.
 */
export function leastWidths(graph: GraphFile): ReadonlyMap<string, number> {
  const least = new Map<string, number>();
  eachReader(graph, (input, node) => {
    if (!node.op.startsWith("TreeEnsemble")) return;
    const ids = listOf(node, "nodes_featureids") ?? [];
    const width = ids.reduce<number>((most, id) => Math.max(most, Number(id) + 1), 0);
    if (width > (least.get(input) ?? 0)) least.set(input, width);
  });
  return least;
}

/** Texts that the graph knows, by the input in which it meets them. */
export function knownTexts(graph: GraphFile): ReadonlyMap<string, readonly string[]> {
  const texts = new Map<string, readonly string[]>();
  eachReader(graph, (input, node) => {
    const list =
      listOf(node, "cats_strings") ??
      listOf(node, "keys_strings") ??
      listOf(node, "classes_strings");
    if (list && !texts.has(input)) texts.set(input, list.slice(0, 100).map(String));
  });
  return texts;
}

/** Nodes that read an input, directly or behind nodes that leave its columns as they are. */
function eachReader(graph: GraphFile, see: (input: string, node: NodeFile) => void): void {
  const origin = new Map(graph.inputs.map(({ name }) => [name, name]));
  for (const node of graph.nodes) {
    const from = origin.get(node.inputs[0] ?? "");
    if (from === undefined) continue;
    see(from, node);
    if (SAME_COLUMNS.has(node.op) && node.outputs[0]) origin.set(node.outputs[0], from);
  }
}

const SAME_COLUMNS: ReadonlySet<string> = new Set([
  ...["Identity", "Cast", "Scaler", "Imputer", "Normalizer", "Binarizer", "DictVectorizer"],
]);
