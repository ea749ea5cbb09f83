import type { PredictDeps } from "../predict.ts";
import { routeOf } from "../routing.ts";
import { versionsOf } from "./repository.ts";

/** Brings every version of a model's route into memory and runs a row through each. Throws `not_found`, `invalid_model`. */
export async function loadNow(
  { routes, models }: Pick<PredictDeps, "routes" | "models">,
  input: { readonly model: string },
): Promise<void> {
  const route = routeOf(routes, input.model);
  for (const version of versionsOf(route)) await models.input(version, route.fields);
}
