import { certainty } from "../evaluation/abstention.ts";
import type { RequestNote } from "../lib/request-note.ts";
import type { AnsweredRow, Answerer } from "./answer.ts";
import { labelOf } from "./answer.ts";
import { loggedRow } from "./graph-tensors.ts";
import type { PredictDeps } from "./predict.ts";
import type { RowFields } from "./route.ts";
import { allProblems, invalidRows, problemsOf, type ReadRows, readRows } from "./rows.ts";

export interface PartInput {
  readonly by: Omit<Answerer, "signature">;
  readonly fields: RowFields;
  readonly rows: readonly unknown[];
  readonly explain?: boolean | undefined;
  readonly at: number;
  readonly note?: RequestNote | undefined;
  /** The ids the predictions get; made here when left out. */
  readonly ids?: readonly string[] | undefined;
  /** Places of the rows in the request, for what is said about them; their own when left out. */
  readonly places?: readonly number[] | undefined;
}

/** Rows as they were read, and what was said about each. */
export interface AnsweredPart {
  readonly read: Omit<ReadRows, "problems">;
  readonly rows: readonly AnsweredRow[];
}

/** What one version says about some rows of a request. Throws `invalid_input` naming every wrong field. */
export async function answerPart(
  deps: Pick<PredictDeps, "models" | "newPredictionId">,
  input: PartInput,
): Promise<AnsweredPart> {
  const { ids, places } = input;
  const { version } = input.by;
  const { signature, known } = await deps.models.input(version, input.fields);
  const { fields, at } = input;
  const read = readRows({ signature, fields, rows: input.rows, at }, known);
  if (read.problems.length > 0) throw invalidRows(placed(allProblems(signature, read), places));
  input.note?.done("check");
  const scored = await deps.models.score(version, read.rows, input.note);
  const problems = problemsOf(scored);
  if (problems.length > 0) throw invalidRows(placed(problems, places));
  const explanations = input.explain ? await deps.models.explain(version, read.rows) : undefined;
  const { model, variant, level } = input.by;
  // Field by field: V8 adds fields behind a spread one by one, at a microsecond each time.
  const by: Answerer = { model, version, variant, level, signature };
  const rows = scored.map((row, i): AnsweredRow => {
    const output = "output" in row ? row.output : [];
    return {
      id: ids === undefined ? deps.newPredictionId() : ids[i]!,
      by,
      output,
      label: labelOf(signature, output),
      certainty: version.abstain && certainty(version.abstain, signature, output),
      explanation: explanations?.[i],
      tensors: "tensors" in row ? row.tensors : undefined,
    };
  });
  if (known.lists.size === 0) return { read, rows };
  return { read: { ...read, rows: read.rows.map((row) => loggedRow(row, known.lists)) }, rows };
}

const placed = <T extends { readonly row: number }>(
  problems: readonly T[],
  places: readonly number[] | undefined,
): readonly T[] =>
  places === undefined ? problems : problems.map((p) => ({ ...p, row: places[p.row]! }));
