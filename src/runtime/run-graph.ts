import { joinRuns, splitRuns } from "../onnx/row-runs.ts";
import type { GraphBinding } from "../onnx/signature.ts";
import type { GraphTensors } from "../onnx/tensor.ts";
import type { Session } from "./runtime.ts";

/** Runs rows of an imported graph, in as many runs as it needs. Feeds and outputs have the rows along axis 0. */
export async function runGraph(
  session: Session,
  binding: GraphBinding,
  feeds: GraphTensors,
  rows: number,
): Promise<GraphTensors> {
  const runs: GraphTensors[] = [];
  for (const run of splitRuns(binding, feeds, rows)) runs.push(await session.run(run));
  return joinRuns(binding, runs, rows);
}
