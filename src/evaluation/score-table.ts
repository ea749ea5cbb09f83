import type { Scores } from "../lib/task.ts";
import { fromOutputs, toFeeds } from "../onnx/feeds.ts";
import type { Signature } from "../onnx/signature.ts";
import { runGraph } from "../runtime/run-graph.ts";
import type { Session } from "../runtime/runtime.ts";
import type { Table } from "../table/table.ts";

/** Rows per call: small enough to look at a cancellation now and then, large enough that the call costs nothing beside the rows. */
const BATCH = 1000;

/** What a stored model says about a table, through the runtime that serves. Missing columns are missing values. */
export async function scoreTable(
  session: Session,
  input: {
    readonly signature: Signature;
    readonly table: Table;
    readonly onRows?: (done: number) => void;
  },
): Promise<Scores> {
  const { signature, table } = input;
  const { graph } = signature;
  const width = signature.task === "multiclass" ? signature.classes.length : 1;
  const values = new Float64Array(table.rows * width);
  for (let from = 0; from < table.rows; from += BATCH) {
    const to = Math.min(table.rows, from + BATCH);
    const feeds = toFeeds(signature, table, { from, to });
    const outputs = graph
      ? await runGraph(session, graph, feeds, to - from)
      : await session.run(feeds);
    values.set(fromOutputs(signature, outputs).values, from * width);
    input.onRows?.(to);
  }
  return { rows: table.rows, width, values };
}
