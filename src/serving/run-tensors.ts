import type { Digest } from "../lib/digest.ts";
import { mapped } from "../onnx/row-runs.ts";
import type { Signature } from "../onnx/signature.ts";
import { type GraphTensors, joinRows, sliceRows } from "../onnx/tensor.ts";
import { runGraph } from "../runtime/run-graph.ts";
import type { Sessions } from "../runtime/sessions.ts";

/** The tensors of one caller, rows along axis 0. */
export interface TensorCall {
  readonly feeds: GraphTensors;
  readonly rows: number;
}

/** Values of the inputs of one run. More gain nothing (rows of 28 numbers: 2,300) and would keep others waiting. */
const MOST_VALUES = 65_536;

/** Runs the calls of many callers of an imported graph, those of equal shapes gathered into runs. Answers in their order. */
export async function runTensors(
  deps: { readonly sessions: Sessions<Signature> },
  input: { readonly onnx: Digest; readonly calls: readonly TensorCall[] },
): Promise<GraphTensors[]> {
  const { calls, onnx } = input;
  return deps.sessions.use(onnx, async ({ session, about }) => {
    const graph = about.graph!;
    const answers = new Array<GraphTensors>(calls.length);
    for (const places of graph.whole ? calls.map((_, i) => [i]) : gathered(calls)) {
      const parts = places.map((i) => calls[i]!);
      const rows = parts.reduce((sum, call) => sum + call.rows, 0);
      const [first] = parts as [TensorCall];
      const feeds =
        parts.length === 1
          ? first.feeds
          : Object.fromEntries(
              Object.keys(first.feeds).map((name) => [
                name,
                joinRows(parts.map((call) => call.feeds[name]!)),
              ]),
            );
      const outputs = await runGraph(session, graph, feeds, rows);
      let at = 0;
      for (const place of places) {
        const [from, to] = [at, at + calls[place]!.rows];
        answers[place] =
          parts.length === 1 ? outputs : mapped(outputs, (tensor) => sliceRows(tensor, from, to));
        at = to;
      }
    }
    return answers;
  });
}

/** Places of calls that share a run. */
function gathered(calls: readonly TensorCall[]): number[][] {
  if (calls.length === 1) return [[0]];
  const groups: number[][] = [];
  const open = new Map<string, { readonly group: number[]; values: number }>();
  calls.forEach(({ feeds }, i) => {
    let [key, values] = ["", 0];
    for (const tensor of Object.values(feeds)) {
      for (let axis = 1; axis < tensor.dims.length; axis++) key += `${tensor.dims[axis]}x`;
      key += ",";
      values += tensor.data.length;
    }
    const known = open.get(key);
    if (known !== undefined && known.values + values <= MOST_VALUES) {
      known.group.push(i);
      known.values += values;
      return;
    }
    const group = [i];
    groups.push(group);
    open.set(key, { group, values });
  });
  return groups;
}
