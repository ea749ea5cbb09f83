import { MillwrightError } from "../errors.ts";
import type { AnswerRow } from "../serving/answer.ts";
import { allProblems, invalidRows, knownFields, readRows } from "../serving/rows.ts";
import { answerHere } from "./answer-here.ts";
import type { Platform } from "./platform.ts";
import type { PredictWork } from "./works.ts";

/** What a version says of rows, as strict as the gateway; members of a family are not asked. Nothing is logged. Throws `invalid_input`, `not_found`. */
export async function predictHere(
  deps: Pick<Platform, "blobs" | "runtime" | "serving" | "clock" | "registry">,
  { model, rows, version: name = "champion" }: PredictWork,
): Promise<Omit<AnswerRow, "id">[]> {
  const version = await deps.registry.find(model, name);
  if (!version)
    throw new MillwrightError("not_found", `Model ${model} has no version "${name}" to ask.`);
  const { signature } = version;
  const fields = (await deps.serving.route(model))?.fields ?? {};
  const request = { signature, fields, rows, at: deps.clock.now() };
  const read = readRows(request, knownFields(signature, fields));
  if (read.problems.length > 0) throw invalidRows(allProblems(signature, read));
  const answers = await answerHere(deps, { version, rows: read.rows });
  return answers.map(({ id: _, ...answer }) => answer);
}
