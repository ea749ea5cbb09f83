import { type RowRange, toFeeds } from "../onnx/feeds.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Table } from "../table/table.ts";
import { type Fetched, type Numbers, numbersOf } from "./encoded.ts";
import type { TensorSource } from "./explainer.ts";

/** The tensors of a plan for some rows of a table. */
export async function fetchTensors(
  source: TensorSource,
  input: { readonly signature: Signature; readonly table: Table; readonly range?: RowRange },
): Promise<Fetched> {
  const { names, session } = source;
  const feeds = toFeeds(input.signature, input.table, input.range);
  const reads = new Set(session?.inputs.map(({ name }) => name) ?? []);
  const outputs = await session?.run(
    Object.fromEntries(Object.entries(feeds).filter(([name]) => reads.has(name))),
  );
  const fetched = new Map<string, Numbers>();
  for (const name of names) {
    const tensor = outputs?.[name] ?? feeds[name];
    if (tensor) fetched.set(name, numbersOf(tensor));
  }
  return fetched;
}
