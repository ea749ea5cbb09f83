import type { Leaderboard, ReportSummary, Verdict } from "../../sdk/src/contract/models.ts";
import type { Metric } from "../../sdk/src/contract/shapes.ts";
import { abstentionInWords } from "../evaluation/abstention-words.ts";
import type { Evaluation } from "../evaluation/evaluate.ts";
import { metricNamed } from "../evaluation/metrics/all.ts";
import { raceNotes } from "../evaluation/race-notes.ts";
import type { Report, ReportedMetric } from "../evaluation/report.ts";
import type { Verdict as KeptVerdict } from "../evaluation/verdict.ts";
import type { Task } from "../lib/task.ts";
import type { Leaderboard as KeptLeaderboard } from "../training/leaderboard.ts";

/** What a version's stored evaluation and leaderboard say, in the words of the contract. */
export interface Evidence {
  /** The one the model is chosen by first. */
  readonly metrics: readonly Metric[];
  readonly verdict: Verdict;
  readonly report: Omit<ReportSummary, "version">;
  readonly leaderboard: Omit<Leaderboard, "version"> | undefined;
  /** What its rule to abstain promises and costs, and the share of held-out rows that it answered. */
  readonly abstention: { readonly words: string; readonly answered: number } | undefined;
}

export function evidenceOf(
  evaluation: Evaluation,
  leaderboard: KeptLeaderboard | undefined,
): Evidence {
  const { report, abstention } = evaluation;
  const isPrimary = (metric: ReportedMetric) => metric.name === report.primary;
  const metrics = [
    ...report.metrics.filter(isPrimary),
    ...report.metrics.filter((metric) => !isPrimary(metric)),
  ].map(reported);
  return {
    metrics,
    verdict: verdictView(evaluation.verdict),
    report: { ...reportView(report), ...comparison(evaluation), metrics },
    leaderboard: leaderboard && {
      ...leaderboardView(leaderboard, report.task),
      notes: raceNotes(leaderboard, evaluation),
    },
    abstention: abstention && {
      words: abstentionInWords(abstention).words,
      answered: abstention.rows === 0 ? 0 : abstention.cost.answered / abstention.rows,
    },
  };
}

export const verdictView = (kept: KeptVerdict): Verdict => ({
  pass: kept.pass,
  summary: kept.summary,
  gates: kept.results.map(({ gate, outcome, reason }) => ({ gate, outcome, reason })),
  unseen: kept.couldNotHaveSeen,
});

/** The verdict kept with an alias move, if what is kept is one (a sequential test's decision is not). */
export function keptVerdict(kept: unknown): Verdict | undefined {
  if (typeof kept !== "object" || kept === null || !("results" in kept)) return undefined;
  return verdictView(kept as KeptVerdict);
}

const reported = (metric: ReportedMetric): Metric => ({
  name: metric.name,
  title: metric.title,
  unit: metric.unit,
  better: metric.better,
  value: metric.value,
  low: metric.lower,
  high: metric.upper,
});

const comparison = ({ baseline, champion, split }: Evaluation) => ({
  split,
  baseline: baseline ? { name: baseline.candidate, value: baseline.value } : null,
  champion: champion ? { ...champion } : null,
});

const reportView = (report: Report) => ({
  rows: report.rows,
  primary: report.primary,
  slices: report.slices.map((slice) => ({
    column: slice.column,
    value: slice.value,
    rows: slice.rows,
    metric: metricView(slice.metric, report.task, slice.estimate, slice.lower, slice.upper),
    rest: slice.rest,
    worse: slice.worse,
  })),
  calibration: (report.calibration ?? []).map((bin) => ({ ...bin })),
  confusion:
    report.confusion && report.classes
      ? { classes: [...report.classes], counts: report.confusion.map((row) => [...row]) }
      : null,
});

const leaderboardView = (
  kept: KeptLeaderboard,
  task: Task,
): Omit<NonNullable<Evidence["leaderboard"]>, "notes"> => ({
  metric: kept.metric,
  better: kept.better,
  reason: kept.reason,
  folds: kept.folds,
  trainedRows: kept.trainedRows,
  testRows: kept.testRows,
  notTried: kept.notTried,
  standings: kept.rows.map((row) => ({
    candidate: row.candidate,
    trainer: row.trainer,
    params: row.params,
    state: row.state,
    metric: row.mean === null ? null : metricView(kept.metric, task, row.mean, row.low, row.high),
    folds: row.folds,
    seconds: row.seconds,
    complexity: row.complexity,
    error: row.error ?? null,
    winner: row.candidate === kept.winner,
  })),
});

function metricView(
  name: string,
  task: Task,
  value: number,
  low: number | null,
  high: number | null,
): Metric {
  const { title, unit, better } = metricNamed(name, task);
  return { name, title, unit, better, value, low, high };
}
