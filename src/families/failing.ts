import { benjaminiHochberg } from "../stats/false-discovery.ts";
import { welchTest } from "../stats/hypothesis.ts";
import { FALSE_DISCOVERY } from "./family.ts";
import type { FamilyMember, MemberWatch } from "./members.ts";

/** Losses of a member in a window: sums, so that parts of a window add up. */
export interface LossSums {
  rows: number;
  sum: number;
  squares: number;
}

/** Fewer labelled rows say nothing. */
const FEWEST_ROWS = 15;
/** A rise by less than this share of the loss is not worth a training. */
const LEAST_RISE = 0.1;

/**
 * Which members have become worse: mean loss in a window against that of the rows they were not learned from, one-sided Welch's t,
 * Benjamini–Hochberg over the members of a level. Those without rows enough in the window are not looked at.
 * @param at end of the window, milliseconds since 1970.
 */
export function failingMembers(
  members: readonly FamilyMember[],
  losses: ReadonlyMap<string, LossSums>,
  at: number,
): MemberWatch[] {
  const looked = members.flatMap((member) => {
    const found = losses.get(member.name);
    if (found === undefined || found.rows < FEWEST_ROWS) return [];
    if (member.reference.n < FEWEST_ROWS) return [];
    return [{ member, ...meanOf(found), p: riseOf(member, meanOf(found)) }];
  });
  const levels = [...new Set(looked.map(({ member }) => member.level))];
  return levels.flatMap((level) => {
    const own = looked.filter(({ member }) => member.level === level);
    const { rejected, adjusted } = benjaminiHochberg(
      own.map(({ p }) => p),
      FALSE_DISCOVERY,
    );
    return own.map(({ member, n, mean }, i): MemberWatch => {
      const failing = rejected[i]! && mean > (1 + LEAST_RISE) * member.reference.mean;
      return { name: member.name, at, rows: n, loss: mean, q: adjusted[i]!, failing };
    });
  });
}

const meanOf = ({ rows, sum, squares }: LossSums) => {
  const mean = sum / rows;
  return { n: rows, mean, variance: Math.max(0, (squares - rows * mean * mean) / (rows - 1)) };
};

function riseOf({ reference }: FamilyMember, window: ReturnType<typeof meanOf>): number {
  const { n, mean, deviation } = reference;
  const { statistic, p } = welchTest(window, { mean, variance: deviation ** 2, n });
  return statistic > 0 ? p / 2 : 1 - p / 2;
}
