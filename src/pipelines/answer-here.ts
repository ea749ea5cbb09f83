import { certainty } from "../evaluation/abstention.ts";
import type { Explanation } from "../explanation/explanation.ts";
import type { Digest } from "../lib/digest.ts";
import type { Signature } from "../onnx/signature.ts";
import { type Sessions, sessions } from "../runtime/sessions.ts";
import { type AnsweredRow, type AnswerRow, answerRows, labelOf } from "../serving/answer.ts";
import { loadModel } from "../serving/load-model.ts";
import type { RoutedVersion } from "../serving/route.ts";
import { invalidRows, problemsOf, type RawRow } from "../serving/rows.ts";
import { score } from "../serving/score.ts";
import { scoreFileIn, scoreOver } from "../serving/score-over.ts";
import type { Platform } from "./platform.ts";

export interface AnswerHere {
  readonly version: RoutedVersion & { readonly model: string };
  readonly rows: readonly RawRow[];
  /** One a row, to be told with the answers. */
  readonly explanations?: readonly Explanation[] | undefined;
  /** Of a family: how far up its levels the version is; 0 when left out. */
  readonly level?: number;
}

/**
 * What a version says about rows, computed by this process: no route is asked and nothing is logged (`id` is empty). Throws
 * `invalid_input` naming every wrong field.
 */
export async function answerHere(
  platform: Pick<Platform, "blobs" | "runtime">,
  input: AnswerHere,
): Promise<AnswerRow[]> {
  const loaded = sessions((file: Digest) => loadModel(platform, file));
  const rows = await answerWith(loaded, input).finally(() => loaded.close());
  return answerRows({ model: input.version.model, rows });
}

/** The same with models that stay loaded. */
export async function answerWith(
  loaded: Sessions<Signature>,
  { version, rows, explanations, level = 0 }: AnswerHere,
): Promise<AnsweredRow[]> {
  const { model, abstain, onnx, over } = version;
  const signature = await loaded.use(onnx, async ({ about }) => about);
  const scored = over
    ? await scoreOver(scoreFileIn(loaded), { onnx, over, rows })
    : await score({ sessions: loaded }, { onnx, rows });
  const problems = problemsOf(scored);
  if (problems.length > 0) throw invalidRows(problems);
  const by = { model, version, variant: "requested" as const, level, signature };
  return scored.map((row, i) => {
    const { output, tensors } = "output" in row ? row : { output: [], tensors: undefined };
    return {
      ...{ id: "", by, output, explanation: explanations?.[i], label: labelOf(signature, output) },
      certainty: abstain && certainty(abstain, signature, output),
      tensors,
    };
  });
}
