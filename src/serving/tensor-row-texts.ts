import type { GraphBinding } from "../onnx/signature.ts";
import type { Tensor } from "./inference.ts";

/**
 * The rows of tensors that came as JSON, as JSON by column: what `rowOf` says of them, with the numbers as they were sent (`rowOf`
 * has those that the graph was fed: 0.1 as a float32 has 17 digits). undefined where the values are not in lists, one a column.
 */
export function tensorRowTexts(
  graph: GraphBinding,
  tensors: readonly Tensor[],
): ((row: number) => string) | undefined {
  const given: Tensor[] = [];
  for (const { name, columns } of graph.inputs) {
    const tensor = tensors.find((one) => one.name === name);
    if (graph.whole || tensor === undefined || !Array.isArray(tensor.data)) return undefined;
    if (tensor.data.length !== tensor.shape[0]! * columns.length) return undefined;
    given.push(tensor);
  }
  let written: readonly (readonly string[] | undefined)[] | undefined;
  return (row) => {
    written ??= given.map((tensor) => tensor.text?.split(","));
    const names = namesOf(graph);
    let text = "";
    let column = 0;
    for (let k = 0; k < given.length; k++) {
      const width = graph.inputs[k]!.columns.length;
      for (let at = row * width; at < (row + 1) * width; at++)
        text += names[column++]! + (written[k]?.[at] ?? cellText(given[k]!.data[at]));
    }
    return `${text}}`;
  };
}

/** JSON has no infinity and no NaN. */
function cellText(cell: unknown): string {
  if (typeof cell !== "number") return JSON.stringify(cell);
  return Number.isFinite(cell) ? `${cell}` : "null";
}

const NAMES = new WeakMap<GraphBinding, readonly string[]>();

/** What stands before the value of each column: `{"a":`, `,"b":` … */
function namesOf(graph: GraphBinding): readonly string[] {
  const known = NAMES.get(graph);
  if (known !== undefined) return known;
  const columns = graph.inputs.flatMap((input) => input.columns);
  const names = columns.map((name, i) => `${i === 0 ? "{" : ","}${JSON.stringify(name)}:`);
  NAMES.set(graph, names);
  return names;
}
