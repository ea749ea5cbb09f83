import type { JudgedMember } from "./judge-level.ts";
import type { LevelSummary } from "./members.ts";

/** @param level its members that were to be trained, and those that are too thin for it. */
export function summaryOf(
  members: readonly JudgedMember[],
  level: Pick<LevelSummary, "columns" | "members" | "thin">,
): LevelSummary {
  const standing = members.filter(({ stands }) => stands);
  const candidates: Record<string, number> = {};
  for (const { candidate } of standing) candidates[candidate] = (candidates[candidate] ?? 0) + 1;
  return {
    ...level,
    standing: standing.length,
    failed: level.members - members.length,
    loss: meanOf(members, ({ loss }) => loss),
    parentLoss: meanOf(members, ({ parentLoss }) => parentLoss),
    candidates,
  };
}

/** Each member by its test rows. */
function meanOf(
  members: readonly JudgedMember[],
  loss: (member: JudgedMember) => number,
): number | null {
  let [sum, rows] = [0, 0];
  for (const member of members) {
    if (member.testRows === 0) continue;
    sum += loss(member) * member.testRows;
    rows += member.testRows;
  }
  return rows === 0 ? null : sum / rows;
}
