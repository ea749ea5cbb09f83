import { MillwrightError } from "../errors.ts";
import type { Explanation } from "../explanation/explanation.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import type { AnswerRow } from "../serving/answer.ts";
import { allProblems, invalidRows, knownFields, readRows } from "../serving/rows.ts";
import { answerHere } from "./answer-here.ts";
import { explainHere } from "./explain-here.ts";
import type { Platform } from "./platform.ts";

export interface TriedRow {
  readonly answer: AnswerRow;
  /** Why there is no explanation, in words. */
  readonly unexplained: string | undefined;
}

/** A person's question to a version: as strict about the row as the gateway, but nothing is logged. Throws `invalid_input`. */
export async function tryRow(
  deps: Pick<Platform, "blobs" | "runtime" | "serving" | "clock"> & { breathe(): Promise<void> },
  { version, row }: { readonly version: ModelVersion; readonly row: unknown },
): Promise<TriedRow> {
  const { signature, model } = version;
  const fields = (await deps.serving.route(model))?.fields ?? {};
  const request = { signature, fields, rows: [row], at: deps.clock.now() };
  const read = readRows(request, knownFields(signature, fields));
  if (read.problems.length > 0) throw invalidRows(allProblems(signature, read));
  // The row first: what is wrong with it is said of the row, not of its explanation.
  const [answer] = await answerHere(deps, { version, rows: read.rows });
  const why = await explainHere(deps, { version, rows: read.rows }).catch(inWords);
  if (typeof why === "string") return { answer: answer!, unexplained: why };
  const [told] = await answerHere(deps, { version, rows: read.rows, explanations: why });
  return { answer: told!, unexplained: undefined };
}

/** Not every model can be explained; its answer is worth having all the same. */
function inWords(error: unknown): string | Explanation[] {
  if (error instanceof MillwrightError) return error.message;
  throw error;
}
