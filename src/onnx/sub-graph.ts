import { ModelProto } from "./schema.ts";

interface Node {
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  readonly attribute?: readonly { readonly g?: Graph; readonly graphs?: readonly Graph[] }[];
}

interface Graph {
  readonly node?: readonly Node[];
  readonly initializer?: readonly { readonly name?: string }[];
  readonly input?: readonly { readonly name: string }[];
}

/**
 * The part of a model that makes the values named `outputs`: only the nodes, constants and inputs they need. The values may be
 * any of the graph, also inner ones. Metadata is left out.
 */
export function subGraph(model: Uint8Array, outputs: readonly string[]): Uint8Array {
  const whole = ModelProto.toObject(ModelProto.decode(model)) as { graph: Graph };
  const nodes = whole.graph.node ?? [];
  const makers = new Map(nodes.flatMap((node) => (node.output ?? []).map((name) => [name, node])));
  const needed = new Set<string>();
  const kept = new Set<Node>();
  const waiting = [...outputs];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    const node = makers.get(name);
    if (node === undefined || kept.has(node)) continue;
    kept.add(node);
    waiting.push(...readBy(node));
  }
  const { graph } = whole;
  const part = {
    ...{ ...whole, metadataProps: [] },
    graph: {
      ...graph,
      node: nodes.filter((node) => kept.has(node)),
      initializer: (graph.initializer ?? []).filter(({ name = "" }) => needed.has(name)),
      input: (graph.input ?? []).filter(({ name }) => needed.has(name)),
      output: outputs.map((name) => ({ name })),
      valueInfo: [],
    },
  };
  return ModelProto.encode(ModelProto.fromObject(part)).finish();
}

/** Values a node reads, also those that the graphs inside it (branches, loops) take from around them. */
const readBy = ({ input = [], attribute = [] }: Node): string[] => [
  ...input.filter((name) => name !== ""),
  ...attribute.flatMap(({ g, graphs = [] }) =>
    [...(g ? [g] : []), ...graphs].flatMap(({ node = [] }) => node.flatMap(readBy)),
  ),
];
