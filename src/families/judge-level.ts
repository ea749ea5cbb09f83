import { benjaminiHochberg } from "../stats/false-discovery.ts";
import { FALSE_DISCOVERY, type MemberResult } from "./family.ts";

export interface JudgedMember extends Omit<MemberResult, "parentReference"> {
  /** It has a model of its own; else its parent answers. */
  readonly stands: boolean;
  /** The smallest rate of false discoveries at which it would stand (Benjamini–Hochberg); null: not tested. */
  readonly q: number | null;
  /** On the test rows, of the candidate, whether it stands or not; that of the parent where there was none. */
  readonly candidateLoss: number;
}

/**
 * Which members of a level stand on their own: of those that do, on average at most one in twenty does so by chance. A member that
 * was not tested costs the others nothing.
 * @param proof false: all that have a model stand.
 */
export function judgeLevel(members: readonly MemberResult[], proof: boolean): JudgedMember[] {
  const tested = members.map(({ p }) => p ?? Number.NaN);
  const { rejected, adjusted } = benjaminiHochberg(tested, FALSE_DISCOVERY);
  return members.map((member, i) => {
    const stands = (rejected[i]! || !proof) && member.model !== undefined;
    const q = Number.isNaN(adjusted[i]!) ? null : adjusted[i]!;
    const { model, reason, parentReference, ...found } = member;
    const candidateLoss = found.loss;
    if (stands) return { ...found, model: model!, stands, q, candidateLoss };
    const why = reason ?? `${found.candidate} is not shown to be better: ${words(found, q)}`;
    // What answers is the parent.
    const answers = { loss: found.parentLoss, reference: parentReference };
    return { ...found, ...answers, reason: why, stands, q, candidateLoss };
  });
}

const words = (
  { loss, parentLoss, testRows }: Pick<MemberResult, "loss" | "parentLoss" | "testRows">,
  q: number | null,
): string =>
  `loss ${loss.toPrecision(3)} against the parent's ${parentLoss.toPrecision(3)} on ${testRows} test rows${q === null ? "" : `, q = ${q.toPrecision(2)}`}`;
