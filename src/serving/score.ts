import type { Digest } from "../lib/digest.ts";
import { fromOutputs } from "../onnx/feeds.ts";
import { rowsToFeeds } from "../onnx/graph-feeds.ts";
import { type RowFeeder, rowFeeder } from "../onnx/row-feeds.ts";
import { mapped } from "../onnx/row-runs.ts";
import type { RowProblem } from "../onnx/rows.ts";
import type { GraphBinding, Signature } from "../onnx/signature.ts";
import { sliceRows } from "../onnx/tensor.ts";
import { runGraph } from "../runtime/run-graph.ts";
import type { Session } from "../runtime/runtime.ts";
import type { Sessions } from "../runtime/sessions.ts";
import type { RawRow, ScoredRow } from "./rows.ts";

/** Runs one batch, which may hold the rows of many callers. `row` in problems counts within the batch. */
export async function score(
  deps: { readonly sessions: Sessions<Signature> },
  input: { readonly onnx: Digest; readonly rows: readonly RawRow[] },
): Promise<ScoredRow[]> {
  return deps.sessions.use(input.onnx, async ({ session, about: signature }) => {
    if (signature.graph) return scoreGraph(session, signature, signature.graph, input.rows);
    const { feeds, problems } = feederOf(session, signature)(input.rows);
    const outputs = await session.run(feeds);
    const { values, width } = fromOutputs(signature, outputs);
    const rows = input.rows.map((_, i): ScoredRow => {
      const output: number[] = [];
      for (let at = i * width; at < (i + 1) * width; at++) output.push(values[at]!);
      return output.every(Number.isFinite) ? { output } : { problems: [notANumber(i)] };
    });
    for (const problem of problems) {
      const known = rows[problem.row]!;
      rows[problem.row] = {
        problems: "problems" in known ? [...known.problems, problem] : [problem],
      };
    }
    return rows;
  });
}

/** Rows of an imported graph: those whose lists have the same shapes in one run. */
async function scoreGraph(
  session: Session,
  signature: Signature,
  graph: GraphBinding,
  rows: readonly RawRow[],
): Promise<ScoredRow[]> {
  const { groups, problems } = rowsToFeeds(graph, rows);
  const scored = rows.map((): ScoredRow => ({ problems: [] }));
  for (const problem of problems) {
    const known = scored[problem.row]!;
    scored[problem.row] = {
      problems: "problems" in known ? [...known.problems, problem] : [problem],
    };
  }
  for (const { places, feeds } of groups)
    for (const part of graph.whole ? places.map((_, i) => [i, i + 1]) : [[0, places.length]]) {
      const [from, to] = part as [number, number];
      const fed = mapped(feeds, (tensor) => sliceRows(tensor, from, to));
      const outputs = await runGraph(session, graph, fed, to - from);
      const { width, values } = fromOutputs(signature, outputs);
      for (let i = from; i < to; i++) {
        const output = Array.from(values.subarray((i - from) * width, (i - from + 1) * width));
        const row = places[i]!;
        const fine = signature.task === "tensors" || output.every(Number.isFinite);
        scored[row] = fine
          ? { output, tensors: mapped(outputs, (t) => sliceRows(t, i - from, i - from + 1)) }
          : { problems: [notANumber(row)] };
      }
    }
  return scored;
}

const FEEDERS = new WeakMap<Session, RowFeeder>();

/** Made once per session. */
function feederOf(session: Session, signature: Signature): RowFeeder {
  let feeder = FEEDERS.get(session);
  if (feeder === undefined) {
    feeder = rowFeeder(signature, session.packs ?? []);
    FEEDERS.set(session, feeder);
  }
  return feeder;
}

const notANumber = (row: number): RowProblem => ({
  row,
  column: "",
  value: null,
  expected: "values that the model can compute with: its answer was not a finite number",
});
