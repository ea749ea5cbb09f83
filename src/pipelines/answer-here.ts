import { certainty } from "../evaluation/abstention.ts";
import type { Explanation } from "../explanation/explanation.ts";
import type { Digest } from "../lib/digest.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import { sessions } from "../runtime/sessions.ts";
import { type AnswerRow, answerRows, labelOf } from "../serving/answer.ts";
import { loadModel } from "../serving/load-model.ts";
import { invalidRows, problemsOf, type RawRow } from "../serving/rows.ts";
import { score } from "../serving/score.ts";
import type { Platform } from "./platform.ts";

/**
 * What a version says about rows, computed by this process: no route is asked and nothing is logged (`id` is empty). Throws
 * `invalid_input` naming every wrong field.
 *
 * @param explanations one a row, to be told with the answers.
 */
export async function answerHere(
  platform: Pick<Platform, "blobs" | "runtime">,
  input: {
    readonly version: ModelVersion;
    readonly rows: readonly RawRow[];
    readonly explanations?: readonly Explanation[] | undefined;
  },
): Promise<AnswerRow[]> {
  const { version, rows, explanations } = input;
  const { model, signature, abstain, onnx } = version;
  const loaded = sessions((file: Digest) => loadModel(platform, file));
  const scored = await score({ sessions: loaded }, { onnx, rows }).finally(() => loaded.close());
  const problems = problemsOf(scored);
  if (problems.length > 0) throw invalidRows(problems);
  const by = { model, version, variant: "requested" as const, level: 0, signature };
  const answered = scored.map((row, i) => {
    const { output, tensors } = "output" in row ? row : { output: [], tensors: undefined };
    return {
      ...{ id: "", by, output, explanation: explanations?.[i], label: labelOf(signature, output) },
      certainty: abstain && certainty(abstain, signature, output),
      tensors,
    };
  });
  return answerRows({ model, rows: answered });
}
