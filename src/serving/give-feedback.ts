import { MillwrightError } from "../errors.ts";
import { crashPoint } from "../lib/crash-point.ts";
import { type GivenFeedback, readFeedback } from "./feedback.ts";
import type { Models, PredictionLog } from "./predict.ts";
import type { RouteTable } from "./route-table.ts";
import { routeOf } from "./routing.ts";

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
  const route = routeOf(deps.routes, input.model);
  const { signature } = await deps.models.input(route.champion, route.fields);
  const { records, problems } = readFeedback(signature, route.model, input.feedback, input.at);
  if (problems.length > 0)
    throw new MillwrightError("invalid_input", problems.slice(0, 3).join("; "), {
      details: { problems: problems.slice(0, 100), count: problems.length },
    });
  await deps.log.append(records.map((record) => ({ kind: "feedback", ...record })));
  crashPoint("feedback:logged");
  return { kept: records.length };
}
