import type { PredictDeps } from "../predict.ts";
import { routeOf, servedVersions } from "../routing.ts";

/** Brings every version of a model's route into memory and runs a row through each. Throws `not_found`, `invalid_model`. */
export async function loadNow(
  { routes, models }: Pick<PredictDeps, "routes" | "models">,
  input: { readonly model: string },
): Promise<void> {
  const route = routeOf(routes, input.model);
  for (const version of servedVersions(route)) await models.input(version, route.fields);
}
