import type { Digest } from "../lib/digest.ts";
import { fromOutputs, toFeeds } from "../onnx/feeds.ts";
import { type RowProblem, rowsToTable } from "../onnx/rows.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Sessions } from "../runtime/sessions.ts";
import type { RawRow, ScoredRow } from "./rows.ts";

/** Runs one batch, which may hold the rows of many callers. `row` in problems counts within the batch. */
export async function score(
  deps: { readonly sessions: Sessions<Signature> },
  input: { readonly onnx: Digest; readonly rows: readonly RawRow[] },
): Promise<ScoredRow[]> {
  return deps.sessions.use(input.onnx, async ({ session, about: signature }) => {
    const { table, problems } = rowsToTable(signature, input.rows);
    const outputs = await session.run(toFeeds(signature, table));
    const scores = fromOutputs(signature, outputs);
    const rows = input.rows.map((_, i): ScoredRow => {
      const output = Array.from(scores.values.subarray(i * scores.width, (i + 1) * scores.width));
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

const notANumber = (row: number): RowProblem => ({
  row,
  column: "",
  value: null,
  expected: "values that the model can compute with: its answer was not a finite number",
});
