import pc from "picocolors";
import type { Prediction } from "../../sdk/src/contract/serving.ts";
import type { AbstainRule } from "../evaluation/abstention.ts";
import type { AbstentionReport } from "../evaluation/abstention-report.ts";
import { abstentionInWords } from "../evaluation/abstention-words.ts";
import { cut, decimal, heading, oneLine, percent, table, wrap } from "./render-text.ts";

/** What the rule promises and costs, class by class, and what other goals would cost. */
export function abstentionLines(report: AbstentionReport, width: number): string[] {
  const words = wrap(oneLine(abstentionInWords(report).words), width - 4);
  return [
    "",
    heading("When it says nothing"),
    ...words.map((line) => `  ${line}`),
    ...("precision" in report.goal ? classLines(report, width) : []),
    "",
    ...choiceLines(report, width),
  ];
}

function classLines({ classes }: AbstentionReport, width: number): string[] {
  const rows = classes
    .slice(0, 12)
    .map((found) => [
      cut(found.class, 20),
      found.threshold === null
        ? "never"
        : found.threshold === 0
          ? "always"
          : `from ${decimal(found.threshold)}`,
      `${found.answered.toLocaleString("en-US")} of ${found.rows.toLocaleString("en-US")}`,
      found.precision === null ? "" : percent(found.precision.value),
      found.proven === null
        ? found.best === null
          ? "nothing proven"
          : `could be ${percent(found.best)}`
        : `at least ${percent(found.proven)}`,
    ]);
  const right = (title: string) => ({ title, right: true }) as const;
  const titles = ["says", right("score"), right("of the rows"), right("right"), "proven"];
  return ["", ...table(titles, rows, width, pc.dim)];
}

function choiceLines({ choices, goal }: AbstentionReport, width: number): string[] {
  const asked = "precision" in goal ? goal.precision : goal.coverage;
  const wide = choices.some(({ halfWidth }) => halfWidth !== undefined);
  const rows = choices.map(({ goal: value, answered, halfWidth }) => [
    value === asked ? pc.bold(percent(value)) : percent(value),
    wide
      ? halfWidth === undefined
        ? "too few rows"
        : `± ${decimal(halfWidth)}`
      : answered === 0
        ? "cannot be reached"
        : `${percent(answered)} answered`,
    value === asked ? "asked for" : "",
  ]);
  const title = "precision" in goal ? "precision" : "coverage";
  return table([{ title, right: true }, "costs", ""], rows, width, pc.dim);
}

/** "answers 83.1 % of the rows": for a line of status. */
export function abstentionBriefly({ cost, goal }: AbstentionReport): string {
  const promise =
    "precision" in goal ? `${percent(goal.precision)} right` : `${percent(goal.coverage)} covered`;
  const share = cost.rows === 0 ? 0 : cost.answered / cost.rows;
  return share === 1 ? promise : `${promise}, answers ${percent(share)}`;
}

/** Why a prediction says nothing: the score that was missing, or the classes that may all be true. */
export function whyAbstained(rule: AbstainRule, prediction: Prediction): string {
  const each = Object.entries(prediction.probabilities ?? {});
  if (rule.kind === "conformal") {
    const set = prediction.set ?? [];
    return set.length === 0
      ? `abstains: unlike what it was tested on, no class is left at ${percent(rule.coverage)} coverage`
      : `abstains: it may be ${set.map((name) => `"${name}"`).join(" or ")}, at ${percent(rule.coverage)} coverage`;
  }
  const [best, k] = each.reduce(
    (most, [, p], i): [number, number] => (p > most[0] ? [p, i] : most),
    [Number.NEGATIVE_INFINITY, 0],
  );
  const from = rule.thresholds[k];
  const [name] = each[k] ?? [""];
  return typeof from === "number"
    ? `abstains: ${score(best, from)} for "${name}" is below ${score(from, best)}, which ${percent(rule.target)} precision needs`
    : `abstains: ${percent(rule.target)} precision could not be proven for "${name}", at any score`;
}

/** With as many digits as tell it from the other. */
function score(value: number, other: number): string {
  let digits = 2;
  while (digits < 9 && value.toFixed(digits) === other.toFixed(digits)) digits++;
  return value.toFixed(digits);
}
