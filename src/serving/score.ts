import type { Digest } from "../lib/digest.ts";
import { fromOutputs } from "../onnx/feeds.ts";
import { type RowFeeder, rowFeeder } from "../onnx/row-feeds.ts";
import type { RowProblem } from "../onnx/rows.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Session } from "../runtime/runtime.ts";
import type { Sessions } from "../runtime/sessions.ts";
import type { RawRow, ScoredRow } from "./rows.ts";

/** Runs one batch, which may hold the rows of many callers. `row` in problems counts within the batch. */
export async function score(
  deps: { readonly sessions: Sessions<Signature> },
  input: { readonly onnx: Digest; readonly rows: readonly RawRow[] },
): Promise<ScoredRow[]> {
  return deps.sessions.use(input.onnx, async ({ session, about: signature }) => {
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
