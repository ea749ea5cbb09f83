import type { Contribution, Explanation } from "./explanation.ts";

const MOST_REASONS = 3;
/** A reason much weaker than the first is none. */
const WORTH_SAYING = 0.05;
const MOST_CHARACTERS = 60;
/** Classes that mean nothing without the name of the target. */
const SAYS_LITTLE = /^(yes|no|true|false|y|n|t|f|-?[\d.]+)$/i;

/** The strongest contributions in words: `sender_domain = "evil.example" speaks for spam (+1.8 log-odds)`. */
export function reasonsOf(explanation: Explanation, target: string): string[] {
  const [first] = explanation.contributions;
  if (first === undefined) return [];
  const least = Math.max(WORTH_SAYING * Math.abs(first.contribution), explanation.error);
  return explanation.contributions
    .slice(0, MOST_REASONS)
    .filter(({ contribution }) => contribution !== 0 && Math.abs(contribution) >= least)
    .map((contribution) => reason(contribution, explanation, target));
}

function reason(of: Contribution, { unit, of: named }: Explanation, target: string): string {
  const { contribution } = of;
  const { subject, plural } = subjectOf(of);
  const s = plural ? "" : "s";
  if (unit === "target")
    return `${subject} ${contribution > 0 ? "raise" : "lower"}${s} ${target} by ${figure(Math.abs(contribution))}`;
  const amount = `${contribution > 0 ? "+" : "−"}${figure(Math.abs(contribution))} ${unit}`;
  const outcome = SAYS_LITTLE.test(named ?? "") ? `${target} = ${named}` : named;
  return `${subject} speak${s} ${contribution > 0 ? "for" : "against"} ${outcome} (${amount})`;
}

function subjectOf({ column, value, words }: Contribution): { subject: string; plural: boolean } {
  if (words !== undefined && words.length > 0) {
    const quoted = words.map((word) => JSON.stringify(word)).join(", ");
    const plural = words.length > 1;
    return { subject: `the word${plural ? "s" : ""} ${quoted} in ${column}`, plural };
  }
  if (value === null || value === undefined || value === "")
    return { subject: `that ${column} is missing`, plural: false };
  const isNumber = typeof value === "string" && Number.isFinite(Number(value));
  const text = isNumber ? value : (JSON.stringify(value) ?? "");
  const short = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return { subject: `${column} = ${short}`, plural: false };
}

const figure = (value: number): string => String(Number(value.toPrecision(3)));
