import type { OutputOf } from "../../sdk/src/contract/endpoint.ts";
import type { families } from "../../sdk/src/contract/families.ts";
import { memberName } from "./member-name.ts";
import type { FamilyMember, FamilyVersion } from "./members.ts";
import type { FamilyStore } from "./store.ts";

export type Above = OutputOf<(typeof families)["member"]>["above"][number];

/** The members above one, nearest first: those whose values it knows. The model that everybody shares is not among them. */
export async function findAbove(
  store: Pick<FamilyStore, "member">,
  { family, levels }: Pick<FamilyVersion, "family" | "levels">,
  member: Pick<FamilyMember, "level" | "values">,
): Promise<Above[]> {
  const own = levels[member.level] ?? [];
  const higher = levels.map((columns, level) => ({ columns, level })).slice(member.level + 1);
  return Promise.all(
    higher.map(async ({ columns, level }): Promise<Above> => {
      const values = columns.map((column) => member.values[own.indexOf(column)]);
      const shown = { level, columns: [...columns] };
      if (values.includes(undefined)) return { ...shown, name: null, stands: null };
      const name = memberName(family, level, values as string[]);
      const found = await store.member(family, name);
      return { ...shown, name, stands: found?.stands ?? null };
    }),
  );
}
