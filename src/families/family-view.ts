import type { OutputOf } from "../../sdk/src/contract/endpoint.ts";
import type { families } from "../../sdk/src/contract/families.ts";
import type { FamilyMember, FamilyVersion } from "./members.ts";
import type { FamilyStore, LevelFigures } from "./store.ts";

export type FamilyView = OutputOf<(typeof families)["family"]>;
export type MemberView = OutputOf<(typeof families)["member"]>;

/** @param versions newest first, at least one. */
export function familyView(
  versions: readonly FamilyVersion[],
  figures: readonly LevelFigures[],
  candidates: Awaited<ReturnType<FamilyStore["candidates"]>>,
): FamilyView {
  const { family, levels, enough } = versions[0]!;
  // Thin members are counted by trainings of all members.
  const whole = versions.find(({ parent }) => parent === undefined);
  const numbers = new Map(versions.map(({ id, number }) => [id, number]));
  return {
    model: family,
    levels: levels.map((columns, level) => {
      const found = figures.find((f) => f.level === level) ?? { ...NOBODY, level };
      const chosen = candidates.filter((c) => c.level === level && c.stands);
      return {
        ...found,
        columns: [...columns],
        thin: whole?.summary.levels[level]?.thin ?? 0,
        candidates: Object.fromEntries(chosen.map((c) => [c.candidate, c.members])),
      };
    }),
    trainings: versions.map(({ number, id, runId, createdAt, parent, summary }) => ({
      ...{ number, id, runId, createdAt },
      under: parent === undefined ? null : (numbers.get(parent) ?? null),
      members: summary.levels.reduce((sum, level) => sum + level.members, 0),
      standing: summary.levels.reduce((sum, level) => sum + level.standing, 0),
      ...{ seconds: summary.seconds, computeSeconds: summary.computeSeconds },
    })),
    enough,
  };
}

const NOBODY: Omit<LevelFigures, "level"> = {
  ...{ members: 0, standing: 0, failing: 0, rows: 0, testRows: 0, bytes: 0 },
  ...{ loss: null, parentLoss: null },
};

export const memberView = (member: FamilyMember): MemberView => {
  const { reference: _, training: __, values, ...shown } = member;
  return { ...shown, values: [...values] };
};
