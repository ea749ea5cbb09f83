import { families } from "../../sdk/src/contract/families.ts";
import { MillwrightError } from "../errors.ts";
import type { HttpRoute } from "../http/http.ts";
import { mount } from "../http/mount.ts";
import { fleetView, memberView } from "./family-view.ts";
import { findAbove } from "./find-above.ts";
import { findFamily } from "./find-family.ts";
import type { FamilyStore } from "./store.ts";

export interface FamilyRoutesDeps {
  readonly families: FamilyStore;
  /** Starts a training of members, all when none are named; answers the run's id. */
  trainMembers(model: string, members: readonly string[] | undefined): Promise<string>;
}

export const familyRoutes = ({ families: store, trainMembers }: FamilyRoutesDeps): HttpRoute[] =>
  mount(families, {
    async families() {
      const found = await Promise.all(
        (await store.families()).map((name) => findFamily(store, name)),
      );
      return {
        families: found.map(({ model, levels, trainings }) => ({
          ...{ model, trainedAt: trainings[0]!.createdAt },
          members: levels.reduce((sum, level) => sum + level.members, 0),
          standing: levels.reduce((sum, level) => sum + level.standing, 0),
          failing: levels.reduce((sum, level) => sum + level.failing, 0),
        })),
      };
    },
    family: ({ model }) => findFamily(store, model),
    async members({ model, ...query }) {
      const [members, total] = await Promise.all([
        store.members(model, query),
        store.countMembers(model, query),
      ]);
      return { members: members.map(memberView), total };
    },
    async fleet({ model, level }) {
      return fleetView({ model, level }, await store.fleet(model, level));
    },
    async trainMembers({ model, members }) {
      await findFamily(store, model);
      return { runId: await trainMembers(model, members) };
    },
    async member({ model, member }) {
      const [found, [newest]] = await Promise.all([
        store.member(model, member),
        store.versions(model, 1),
      ]);
      if (found && newest)
        return { ...memberView(found), above: await findAbove(store, newest, found) };
      throw new MillwrightError(
        "not_found",
        `The family ${model} has no member ${member}; those with too few rows are not listed. See: millwright family ${model} --search <value>`,
      );
    },
  });
