import pc from "picocolors";
import type { Evaluation } from "../evaluation/evaluate.ts";
import type { GateResult } from "../evaluation/gates/gate.ts";
import { raceNotes } from "../evaluation/race-notes.ts";
import { reportedMetric } from "../evaluation/report.ts";
import { inWords } from "../lib/duration.ts";
import type { Leaderboard, LeaderboardRow } from "../training/leaderboard.ts";
import { axisOf, drawInterval, type Interval } from "./render-interval.ts";
import { counted, cut, decimal, heading, labelled, oneLine, wrap } from "./render-text.ts";

export interface LeaderboardView {
  readonly model: string;
  readonly number: number;
  readonly aliases: readonly string[];
  readonly leaderboard: Leaderboard;
  readonly evaluation: Evaluation;
}

export function renderLeaderboard(view: LeaderboardView, width: number): string[] {
  const { leaderboard: board, evaluation } = view;
  const folds = `${counted(board.folds, "fold")}, ${board.better} is better`;
  return [
    "",
    `${heading(`${view.model} version ${view.number}`)}${view.aliases.map((alias) => `  ${pc.green(alias)}`).join("")}`,
    "",
    ...standingLines(board, isShare(view), width),
    pc.dim(`  ${board.metric}: mean of ${folds}; line: 95 % interval`),
    "",
    ...labelled("chosen", oneLine(board.reason), width),
    ...(board.notTried > 0
      ? labelled(
          "not tried",
          `${counted(board.notTried, "candidate")}: the time budget was used up. More with --budget.`,
          width,
        )
      : []),
    ...raceNotes(board, evaluation).flatMap(({ about, words }) =>
      labelled(about, oneLine(words), width),
    ),
    ...labelled("split", oneLine(board.split), width),
    ...labelled("test", testInWords(board.metric, evaluation), width),
    ...verdictLines(evaluation.verdict, width),
  ];
}

/** The metric lies between 0 and 1. */
const isShare = ({ leaderboard, evaluation }: LeaderboardView): boolean =>
  reportedMetric(evaluation.report, leaderboard.metric)?.unit === "share";

/** An interval from a standard error may leave the values that a share can have. */
const clamped = (row: LeaderboardRow, share: boolean): Interval | undefined =>
  row.mean === null
    ? undefined
    : {
        mean: row.mean,
        low: share && row.low !== null ? Math.max(0, row.low) : row.low,
        high: share && row.high !== null ? Math.min(1, row.high) : row.high,
      };

function standingLines(board: Leaderboard, share: boolean, width: number): string[] {
  const names = Math.min(24, Math.max(9, ...board.rows.map((row) => row.candidate.length)));
  const plot = Math.max(12, Math.min(40, width - names - 34));
  const intervals = board.rows.flatMap((row) => clamped(row, share) ?? []);
  const axis = axisOf(intervals);
  const head = `    ${"candidate".padEnd(names)}  ${board.metric.slice(0, 9).padStart(9)}  ${axisLabels(axis, plot)}  ${"folds".padStart(5)}  ${"time".padStart(6)}`;
  const line = (row: LeaderboardRow) => {
    const won = row.candidate === board.winner;
    const name = cut(row.candidate, names).padEnd(names);
    const start = `  ${won ? pc.green("▸") : " "} `;
    const interval = clamped(row, share);
    if (row.mean === null || !interval)
      return `${start}${pc.dim(name)}  ${pc.dim(cut(row.state === "failed" ? `failed: ${row.error ?? ""}` : row.state, width - names - 8))}`;
    const value = decimal(row.mean).padStart(9);
    const drawn = axis ? drawInterval(interval, axis, plot) : " ".repeat(plot);
    const folds = String(row.folds).padStart(5);
    const tail = `${folds}  ${shortTime(row.seconds).padStart(6)}`;
    const out = row.state === "dropped" || row.state === "failed";
    return `${start}${won ? pc.bold(name) : out ? pc.dim(name) : name}  ${out ? pc.dim(value) : value}  ${drawn}  ${pc.dim(tail)}`;
  };
  return [pc.dim(head), ...board.rows.map(line)];
}

function axisLabels(axis: { from: number; to: number } | undefined, plot: number): string {
  if (!axis) return " ".repeat(plot);
  const [from, to] = [decimal(axis.from), decimal(axis.to)];
  return from + to.padStart(Math.max(0, plot - from.length));
}

const shortTime = (seconds: number): string => inWords(seconds * 1000).replace(" min", " m");

/** "auc 0.8391 (95 %: 0.8187 to 0.8592) on 1,409 rows …; baseline …; champion …". */
export function testInWords(metric: string, evaluation: Evaluation): string {
  const found = reportedMetric(evaluation.report, metric);
  const { baseline, champion } = evaluation;
  const others = [
    baseline && `best trivial model, ${baseline.candidate}: ${decimal(baseline.value)}`,
    champion && `champion, ${champion.name}: ${decimal(champion.value)}`,
  ].filter(Boolean);
  const value = found
    ? `${metric} ${decimal(found.value)}${found.lower === null || found.upper === null ? "" : ` (95 %: ${decimal(found.lower)} to ${decimal(found.upper)})`}`
    : `${metric} is not defined`;
  const rest = others.length > 0 ? `. On the same rows: ${others.join("; ")}` : "";
  const unseen = evaluation.elsewhere
    ? "that were held out here; it was fitted elsewhere, perhaps on some of them"
    : "that nobody has trained on";
  return `${value} on ${counted(evaluation.testRows, "row")} ${unseen}${rest}.`;
}

const MARK: Readonly<Record<GateResult["outcome"], string>> = {
  pass: pc.green("✓"),
  warn: pc.yellow("!"),
  fail: pc.red("✗"),
};

/** One line a gate, and what the test could not have seen. */
export function verdictLines(verdict: Evaluation["verdict"], width: number): string[] {
  const colour = verdict.pass ? pc.green : pc.red;
  const gates = verdict.results.flatMap(({ gate, outcome, reason }) => {
    const lines = wrap(`${gate}: ${oneLine(reason)}`, width - 4);
    return lines.map((line, i) => (i === 0 ? `  ${MARK[outcome]} ${line}` : `    ${line}`));
  });
  return [
    "",
    `${heading("Verdict")}  ${colour(verdict.pass ? "passes" : "does not pass")}`,
    ...gates,
    ...wrap(oneLine(verdict.couldNotHaveSeen), width - 4).map((line) => pc.dim(`    ${line}`)),
  ];
}
