import { MillwrightError } from "../errors.ts";
import { crashPoint } from "../lib/crash-point.ts";
import type { Signature } from "../onnx/signature.ts";
import { type GivenFeedback, readFeedback } from "./feedback.ts";
import type { Models, PredictionLog } from "./predict.ts";
import type { RouteTable } from "./route-table.ts";
import { chainOf, hasChampion, knownRoute } from "./routing.ts";

export interface GiveFeedbackInput {
  readonly model: string;
  readonly feedback: readonly GivenFeedback[];
  /** When the request arrived, milliseconds since 1970. */
  readonly at: number;
}

/** Keeps what really happened. Acknowledged means on disk; throws `invalid_input` naming every wrong field, and then keeps nothing. */
export async function giveFeedback(
  deps: { readonly routes: RouteTable; readonly models: Models; readonly log: PredictionLog },
  input: GiveFeedbackInput,
): Promise<{ readonly kept: number }> {
  const signature = await spokenBy(deps, input.model);
  const { records, problems } = readFeedback(signature, input.model, input.feedback, input.at);
  if (problems.length > 0)
    throw new MillwrightError("invalid_input", problems.slice(0, 3).join("; "), {
      details: { problems: problems.slice(0, 100), count: problems.length },
    });
  await deps.log.append(records.map((record) => ({ kind: "feedback", ...record })));
  crashPoint("feedback:logged");
  return { kept: records.length };
}

/** The words of the model's champion, or of the first that stands in for it where that one cannot be loaded. */
async function spokenBy(
  { routes, models }: { readonly routes: RouteTable; readonly models: Models },
  model: string,
): Promise<Signature> {
  const route = knownRoute(routes, model);
  let first: unknown;
  for (const { champion, fields } of [
    ...(hasChampion(route) ? [route] : []),
    ...chainOf(routes, route),
  ])
    try {
      return (await models.input(champion, fields)).signature;
    } catch (error) {
      first ??= error;
    }
  throw first ?? new MillwrightError("unavailable", `Nobody answers for model ${model} here.`);
}
