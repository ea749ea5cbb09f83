import { z } from "zod";
import { type Comparison, compareByBootstrap } from "../comparison.ts";
import type { Metric } from "../metrics/metric.ts";
import { differenceInWords, finite, improvementInWords, valueInWords } from "../wording.ts";
import type { Contender, Gate } from "./gate.ts";

const params = z.strictObject({
  /** Largest loss that counts as "not worse". Default: 0.5 points for shares, 0.5 % of the champion's value for others. */
  margin: z.number().min(0).optional(),
  /** When "not worse" is enough: if the candidate is simpler or faster (by 10 %), always (a fresh model that goes to shadow anyway), or never. */
  notWorse: z.enum(["if_cheaper", "always", "never"]).default("if_cheaper"),
});

/** z for 80 % power plus z for a two-sided 95 % interval: a true drop of 2.8 standard errors is noticed in 4 of 5 cases. */
const POWER = 0.8416 + 1.96;

export const beatsChampion: Gate<z.infer<typeof params>> = {
  name: "beats_champion",
  description:
    "On the same rows the candidate is better than the champion (lower 95 % bound of the paired bootstrap above 0), or not worse within a margin and cheaper.",
  params,
  judge({ metric, target, candidate, champion, seed }, { margin, notWorse }) {
    if (champion === undefined)
      return { outcome: "pass", reason: "there is no champion yet: nothing to beat", detail: null };
    const c = compareByBootstrap(metric, candidate.scores, champion.scores, target, { seed });
    const allowed = margin ?? (metric.unit === "share" ? 0.005 : 0.005 * Math.abs(c.b));
    const cheaper = cheaperInWords(candidate, champion);
    const { pass, why } = ruling(metric, c, allowed, notWorse, cheaper);
    return {
      outcome: pass ? "pass" : "fail",
      reason: `${candidate.name} has ${metric.name} ${valueInWords(c.a)}, ${champion.name} ${valueInWords(c.b)} on the same ${target.length} rows: ${improvementInWords(metric, c)}; ${why}`,
      ...(Number.isFinite(c.standardError) ? { detectable: POWER * c.standardError } : {}),
      detail: {
        candidate: finite(c.a),
        champion: finite(c.b),
        improvement: finite(c.improvement),
        lower: finite(c.lower),
        upper: finite(c.upper),
        margin: allowed,
      },
    };
  },
};

function ruling(
  metric: Metric,
  c: Comparison,
  margin: number,
  notWorse: "if_cheaper" | "always" | "never",
  cheaper: string | undefined,
): { readonly pass: boolean; readonly why: string } {
  if (c.lower > 0) return { pass: true, why: "better beyond chance" };
  const within = differenceInWords(metric, margin);
  if (!(c.lower >= -margin))
    return {
      pass: false,
      why: `neither better beyond chance nor surely within ${within} of the champion`,
    };
  if (notWorse === "never") return { pass: false, why: "not better beyond chance" };
  if (notWorse === "always") return { pass: true, why: `not worse by more than ${within}` };
  return cheaper === undefined
    ? {
        pass: false,
        why: `not worse by more than ${within}, but neither better nor cheaper: no reason to change`,
      }
    : { pass: true, why: `not worse by more than ${within}, and ${cheaper}` };
}

/** Cheaper = at least 10 % fewer free numbers or 10 % less time, and not more than 10 % more of the other. */
function cheaperInWords(candidate: Contender, champion: Contender): string | undefined {
  const ratio = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined || b === 0 ? 1 : a / b;
  const size = ratio(candidate.complexity, champion.complexity);
  const time = ratio(candidate.latencyMs, champion.latencyMs);
  if (size > 1.1 || time > 1.1) return undefined;
  const percent = (r: number) => `${Math.round(100 * (1 - r))} %`;
  if (size <= 0.9) return `${percent(size)} simpler`;
  if (time <= 0.9) return `${percent(time)} faster`;
  return undefined;
}
