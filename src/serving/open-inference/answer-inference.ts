import type { RequestNote } from "../../lib/request-note.ts";
import { infer } from "../infer.ts";
import type { InferAnswer, InferRequest } from "../inference.ts";
import type { PredictDeps } from "../predict.ts";
import type { Route, RoutedVersion } from "../route.ts";
import { servedVersions } from "../routing.ts";
import type { Statistics } from "./statistics.ts";

/** One request of the protocol, by whatever transport, counted for the statistics extension. Throws as `infer` does. */
export async function answerInference(
  deps: PredictDeps & { readonly statistics: Statistics },
  input: {
    readonly model: string;
    readonly version?: string | undefined;
    readonly request: InferRequest;
    readonly at: number;
    readonly note?: RequestNote | undefined;
  },
): Promise<InferAnswer> {
  try {
    const answer = await infer(deps, input);
    const now = deps.clock.now();
    const rows = input.request.inputs[0]?.shape[0] ?? 1;
    deps.statistics.count(input.model, answer.version, rows, now - input.at, now);
    return answer;
  } catch (error) {
    const version = versionOf(deps.routes.get(input.model), input.version);
    const now = deps.clock.now();
    if (version !== undefined)
      deps.statistics.count(input.model, String(version.number), undefined, now - input.at, now);
    throw error;
  }
}

/** The version that was asked, when there is one: what does not exist is not counted. */
function versionOf(
  route: Route | undefined,
  wanted: string | undefined,
): RoutedVersion | undefined {
  if (route === undefined || wanted === undefined) return route?.champion;
  return servedVersions(route).find(({ id, number }) => id === wanted || String(number) === wanted);
}
