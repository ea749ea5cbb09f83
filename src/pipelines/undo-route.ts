import { MillwrightError } from "../errors.ts";
import type { Route } from "../serving/route.ts";
import { changeRoute } from "./change-route.ts";
import type { Platform } from "./platform.ts";
import { wishOf } from "./route-wish.ts";

/**
 * Divides, stands in and waits as a former revision did; a new revision, checked like any other. The champion is not moved
 * by it: a split between other champions cannot come back. Throws `not_found`, `conflict`.
 */
export async function undoRoute(
  deps: Pick<Platform, "transact" | "serving">,
  input: {
    readonly model: string;
    /** As it was at this revision. */
    readonly revision: number;
    readonly reason: string;
    readonly by: string;
    readonly at: number;
  },
): Promise<Route | undefined> {
  const { model, revision } = input;
  const former = await deps.serving.routeAt(model, revision);
  if (former === undefined)
    throw new MillwrightError(
      "not_found",
      `The route of ${model} has no revision ${revision} that was served. See: millwright route ${model} --history`,
    );
  const now = await deps.serving.route(model);
  if (former.split !== undefined && former.champion?.id !== now?.champion?.id)
    throw new MillwrightError(
      "conflict",
      `At revision ${revision} version ${former.champion?.number} of ${model} was the champion and now version ${now?.champion?.number ?? "none"} is: its split cannot come back. Move the champion first: millwright promote ${model} ${former.champion?.number}`,
    );
  return changeRoute(deps, { ...input, wish: wishOf(former), ifRevision: now?.revision });
}
