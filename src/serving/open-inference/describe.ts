import type { Signature } from "../../onnx/signature.ts";
import type { ModelMetadata } from "../inference.ts";
import { describeModel } from "../open-inference.ts";
import type { PredictDeps } from "../predict.ts";
import type { Route, RoutedVersion } from "../route.ts";
import { decide, routeOf } from "../routing.ts";

export interface Described {
  readonly route: Route;
  readonly version: RoutedVersion;
  readonly signature: Signature;
  readonly metadata: ModelMetadata;
}

/** What a model takes and gives; loads it, so a model that is described can answer. Throws `not_found`, `invalid_model`. */
export async function describe(
  { routes, models }: Pick<PredictDeps, "routes" | "models">,
  input: { readonly model: string; readonly version?: string | undefined },
): Promise<Described> {
  const route = routeOf(routes, input.model);
  const { version } = decide(route, input.version);
  const { signature } = await models.input(version, route.fields);
  return { route, version, signature, metadata: describeModel(route, signature) };
}
