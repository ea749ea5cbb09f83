import type { OutputOf } from "../../sdk/src/contract/endpoint.ts";
import type { families } from "../../sdk/src/contract/families.ts";
import type { FamilyMember, FamilyVersion } from "./members.ts";
import type { FamilyStore, FleetMember, LevelFigures } from "./store.ts";

export type FamilyView = OutputOf<(typeof families)["family"]>;
export type MemberView = OutputOf<(typeof families)["members"]>["members"][number];
export type FleetView = OutputOf<(typeof families)["fleet"]>;

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
      const { watchedAt: _, ...shown } = found;
      const chosen = candidates.filter((c) => c.level === level && c.stands);
      return {
        ...shown,
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
    overall: overallOf(figures),
    watchedAt: Math.max(...figures.map(({ watchedAt }) => watchedAt ?? 0)) || null,
    enough,
  };
}

/**
 * What answers against the model that everybody shares, on the test rows of the coarsest level. A member's parent is whoever
 * would answer without it, so what the levels save adds up. null without test rows.
 */
export function overallOf(figures: readonly LevelFigures[]): FamilyView["overall"] {
  const coarsest = figures.findLast(({ testRows }) => testRows > 0);
  if (!coarsest || coarsest.parentLoss === null) return null;
  const saved = figures.reduce(
    (sum, { loss, parentLoss, testRows }) => sum + ((parentLoss ?? 0) - (loss ?? 0)) * testRows,
    0,
  );
  const { testRows, parentLoss: sharedLoss } = coarsest;
  return { testRows, sharedLoss, loss: sharedLoss - saved / testRows };
}

const NOBODY: Omit<LevelFigures, "level"> = {
  ...{ members: 0, standing: 0, failing: 0, rows: 0, testRows: 0, bytes: 0 },
  ...{ loss: null, parentLoss: null, watchedAt: null },
};

export const memberView = (member: FamilyMember): MemberView => {
  const { reference, training: _, values, ...shown } = member;
  return { ...shown, values: [...values], expected: reference.n === 0 ? null : reference.mean };
};

export function fleetView(
  of: { readonly model: string; readonly level: number },
  members: readonly FleetMember[],
): FleetView {
  return {
    ...of,
    names: members.map(({ name }) => name),
    values: members.map(({ values }) => [...values]),
    states: members.map(({ failing, stands }) =>
      failing ? "failing" : stands ? "stands" : "parent",
    ),
    rows: members.map(({ rows }) => rows),
    gains: members.map(gainOf),
  };
}

/** To four digits. */
function gainOf({ stands, loss, parentLoss }: FleetMember): number | null {
  if (!stands || loss === null || !parentLoss) return null;
  return Math.round(10_000 * (1 - loss / parentLoss)) / 10_000;
}
