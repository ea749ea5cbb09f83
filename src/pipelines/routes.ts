import { routing } from "../../sdk/src/contract/routing.ts";
import type { HttpRoute } from "../http/http.ts";
import { mount } from "../http/mount.ts";
import { changeRoute } from "./change-route.ts";
import type { Platform } from "./platform.ts";
import { undoRoute } from "./undo-route.ts";
import { revisionView, viewRoute } from "./view-route.ts";

const BY = "control";

/** Who answers for a model, looked at and changed. */
export function routeRoutes(
  platform: Parameters<typeof viewRoute>[0] & Pick<Platform, "transact">,
): HttpRoute[] {
  const { serving, clock } = platform;
  return mount(routing, {
    route: ({ model }) => viewRoute(platform, { model }),
    async routeHistory({ model, limit }) {
      const revisions = await serving.routeHistory(model, limit);
      return { model, revisions: revisions.map(revisionView) };
    },
    async changeRoute({ model, split, fallback, deadlineMs, revision: ifRevision, reason }) {
      const changed = await changeRoute(platform, {
        ...{ model, by: BY, ifRevision, at: clock.now() },
        reason: reason ?? "changed by a person",
        wish: { split, fallback, deadlineMs },
      });
      return { model, revision: changed?.revision ?? null };
    },
    async undoRoute({ model, revision, reason }) {
      const back = reason ?? `back to revision ${revision}, by a person`;
      const input = { model, revision, reason: back, by: BY, at: clock.now() };
      return { model, revision: (await undoRoute(platform, input))?.revision ?? null };
    },
  });
}
