import { families } from "../../sdk/src/contract/families.ts";
import { MillwrightError } from "../errors.ts";
import type { HttpRoute } from "../http/http.ts";
import { mount } from "../http/mount.ts";
import { aboveOf } from "./above.ts";
import { familyView, fleetView, memberView } from "./family-view.ts";
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
        (await store.families()).map((name) => familyOf(store, name)),
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
    family: ({ model }) => familyOf(store, model),
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
      await familyOf(store, model);
      return { runId: await trainMembers(model, members) };
    },
    async member({ model, member }) {
      const [found, [newest]] = await Promise.all([
        store.member(model, member),
        store.versions(model, 1),
      ]);
      if (found && newest)
        return { ...memberView(found), above: await aboveOf(store, newest, found) };
      throw new MillwrightError(
        "not_found",
        `The family ${model} has no member ${member}; those with too few rows are not listed. See: millwright family ${model} --search <value>`,
      );
    },
  });

/** A family as it is shown. @throws not_found when it has not been trained. */
export async function familyOf(store: FamilyStore, model: string) {
  const versions = await store.versions(model);
  if (versions.length === 0)
    throw new MillwrightError(
      "not_found",
      `${model} has no trained members. Give its definition family: family({ by: "<column>" }), then: millwright train ${model}`,
    );
  const [figures, candidates] = [await store.figures(model), await store.candidates(model)];
  return familyView(versions, figures, candidates);
}
