import { type RowRange, toFeeds } from "../onnx/feeds.ts";
import type { Signature } from "../onnx/signature.ts";
import { runGraph } from "../runtime/run-graph.ts";
import type { Table } from "../table/table.ts";
import { type Fetched, type Numbers, numbersOf } from "./encoded.ts";
import type { TensorSource } from "./explainer.ts";

/** The tensors of a plan for some rows of a table. */
export async function fetchTensors(
  source: TensorSource,
  input: { readonly signature: Signature; readonly table: Table; readonly range?: RowRange },
): Promise<Fetched> {
  const { names, session } = source;
  const { graph } = input.signature;
  const feeds = toFeeds(input.signature, input.table, input.range);
  const reads = new Set(session?.inputs.map(({ name }) => name) ?? []);
  const fed = Object.fromEntries(Object.entries(feeds).filter(([name]) => reads.has(name)));
  const { from, to } = input.range ?? { from: 0, to: input.table.rows };
  const outputs =
    session && graph ? await runGraph(session, graph, fed, to - from) : await session?.run(fed);
  const fetched = new Map<string, Numbers>();
  for (const name of names) {
    const tensor = outputs?.[name] ?? feeds[name];
    if (tensor) fetched.set(name, numbersOf(tensor));
  }
  return fetched;
}
