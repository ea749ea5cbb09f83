import type { AbstentionReport, ClassCost } from "./abstention-report.ts";
import { fewestScores } from "./conformal.ts";
import type { GateResult } from "./gates/gate.ts";
import { fewestRows } from "./proven-precision.ts";
import { valueInWords } from "./wording.ts";

/** What a rule to abstain does, for people: what it promises, what it costs, or why there is none and what to do. */
export interface AbstentionWords {
  /** fail: it would never say anything. warn: of some class it never would. */
  readonly outcome: "pass" | "warn" | "fail";
  readonly words: string;
}

/** Beside the gates: a version that would never say anything does not pass. */
export function abstentionResult(report: AbstentionReport): GateResult {
  const { outcome, words } = abstentionInWords(report);
  return { gate: "abstain", pass: outcome !== "fail", outcome, reason: words, detail: null };
}

export function abstentionInWords(report: AbstentionReport): AbstentionWords {
  if ("precision" in report.goal) return precisionInWords(report, report.goal.precision);
  return coverageInWords(report, report.goal.coverage);
}

function precisionInWords(report: AbstentionReport, target: number): AbstentionWords {
  const { cost, classes, best, rows } = report;
  const asked = percent(target);
  if (cost.answered === 0) {
    const most = best
      ? `The best that can be proven is ${percent(best.goal)}, with ${percent(best.answered)} of the rows answered`
      : "Not even 50 % can be proven";
    return {
      outcome: "fail",
      words: `${asked} cannot be reached on ${count(rows)} held-out rows: it would never say anything. ${most}. Ask for less${best ? ` (abstain: { precision: ${best.goal} })` : ""}, or bring more rows: ${asked} needs at least ${count(fewestRows(target))} of a class, all of them right.`,
    };
  }
  const silent = classes.filter(({ threshold }) => threshold === null);
  const spoken = classes.filter(({ threshold }) => threshold !== null);
  const from = spoken.map(said).slice(0, 6).join(", ");
  const never = silent.slice(0, 6).map((c) => `"${c.class}" is never said: ${bestOf(c)}`);
  return {
    outcome: silent.length > 0 ? "warn" : "pass",
    words:
      `${answered(report)}. ${from}${spoken.length > 6 ? ` and ${spoken.length - 6} more classes` : ""}; that each is right in at least ${asked} is proven at 95 %. ${never.map((words) => `${words}. `).join("")}${checked(report)}`.trim(),
  };
}

function coverageInWords(report: AbstentionReport, coverage: number): AbstentionWords {
  const { rule, rows, cost, classes } = report;
  const asked = percent(coverage);
  const fewest = `${asked} needs at least ${count(fewestScores(coverage))} held-out rows${"perClass" in report.goal && report.goal.perClass ? " of every class" : ""}`;
  if (rule === null || rule.kind !== "conformal")
    return { outcome: "fail", words: `${count(rows)} held-out rows are too few: ${fewest}.` };
  const held = cost.covered ? ` (${range(cost.covered)} of these rows)` : "";
  if (classes.length === 0)
    return {
      outcome: "pass",
      words:
        `the truth lies within ± ${valueInWords(rule.quantile)} in at least ${asked} of the cases${held}. ${checked(report)}`.trim(),
    };
  const sets = `The set of classes that may be true holds the truth in at least ${asked} of the cases${held}`;
  if (cost.answered === 0)
    return {
      outcome: "fail",
      words: `no set would ever hold one class alone, so it would never say anything. ${sets}. Ask for less, or bring more rows (${fewest}).`,
    };
  return { outcome: "pass", words: `${answered(report)}. ${sets}. ${checked(report)}`.trim() };
}

const answered = ({ cost }: AbstentionReport): string =>
  `answers ${percent(cost.answered / cost.rows)} of ${count(cost.rows)} held-out rows, right in ${range(cost.precision!)} of the answers`;

const said = ({ class: name, threshold }: ClassCost): string =>
  threshold === 0 ? `"${name}" always` : `"${name}" from ${threshold!.toFixed(3)} on`;

const bestOf = ({ best, rows }: ClassCost): string =>
  best === null
    ? `of ${count(rows)} rows on which it leans to it nothing can be proven`
    : `the best that can be proven of it is ${percent(best)}`;

/** The check is of rules made on half as many rows, which are more careful. */
function checked({ check, goal }: AbstentionReport): string {
  if (check === null) return "";
  const figure = "precision" in goal ? check.precision : check.covered;
  if (figure === null) return "";
  const did =
    "precision" in goal
      ? `answered ${percent(check.answered / check.rows)}, ${range(figure)} of them right`
      : `held the truth in ${range(figure)}`;
  return `Rules made on one half of the rows and asked about the other ${did}.`;
}

const range = ({ value, lower, upper }: { value: number; lower: number; upper: number }): string =>
  `${percent(value)} (95 %: ${percent(lower)} to ${percent(upper)})`;

/** Never rounded to a share that was not reached: 99.96 % is not 100 %. */
const percent = (share: number): string => {
  const shown = Math.floor(share * 1000 + 1e-9) / 10;
  return `${shown.toLocaleString("en-US")} %`;
};
const count = (n: number): string => n.toLocaleString("en-US");
