import { mean, quantile, sortedKnown } from "../stats/descriptive.ts";
import { ksTest } from "../stats/hypothesis.ts";
import { addPairs, eValues, NO_PAIRS, sampleRatio } from "../stats/sequential.ts";

/** One request that an arm was asked. What is not known is NaN. */
export interface ArmRow {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** 1: somebody had to stand in; then nothing below is known. */
  readonly failed: number;
  readonly latencyMs: number;
  /** 1: it abstained. */
  readonly abstained: number;
  /** One number that says what it said: the probability, the value, the place of the class. */
  readonly said: number;
  /** How wrong, in [0, 1], where the truth is known. */
  readonly loss: number;
}

/** What one arm did since the canary began. */
export interface ArmSeries {
  /** Ascending by time. */
  readonly rows: readonly ArmRow[];
  /** Of the present step: rows, and keys among them (a row without one counts as one). */
  readonly step: { readonly rows: number; readonly units: number };
}

export interface CanaryRule {
  /** Of the requests, 0..1: what the canary should get in this step. */
  readonly share: number;
  /** The canary is asked so many rows in a step before the next. */
  readonly minRows: number;
}

export interface GuardResult {
  readonly guard: "sample ratio" | "errors" | "latency" | "abstention" | "quality" | "outputs";
  readonly pass: boolean;
  /** What was seen, with numbers. */
  readonly text: string;
}

export interface CanaryDecision {
  readonly outcome: "wait" | "climb" | "end";
  /** In words; starts lower case. */
  readonly reason: string;
  readonly guards: readonly GuardResult[];
  /** Rows of the present step. */
  readonly rows: { readonly champion: number; readonly canary: number };
}

/**
 * Four always-valid tests at 1/80 each: a canary that is no worse is ended by any of them in at most 5 % of cases, however
 * often one looks.
 */
const EVIDENCE = 80;
/** By how much the canary may be worse. */
const MARGIN = { errors: 0.005, latency: 0.05, abstention: 0.05, quality: 0 } as const;
/** A row is slow when it takes longer than 95 % of the champion's. */
const SLOW = 0.95;
/** Kolmogorov–Smirnov distance: a better model may say other things, but not on another scale. */
const MOST_SHIFT = 0.3;

/** Whether a canary may climb, waits, or must end. May be asked as often as one likes. */
export function judgeCanary(
  canary: ArmSeries,
  champion: ArmSeries,
  rule: CanaryRule,
): CanaryDecision {
  const slowFrom = quantile(sortedKnown(champion.rows.map((row) => row.latencyMs)), SLOW);
  const slow = ({ latencyMs }: ArmRow) =>
    Number.isNaN(latencyMs) ? Number.NaN : Number(latencyMs > slowFrom);
  const arms = [canary.rows, champion.rows] as const;
  const guards = [
    ratioGuard(canary, champion, rule.share),
    worse("errors", arms, (row) => row.failed, "could not answer"),
    worse("latency", arms, slow, `took over ${slowFrom.toPrecision(3)} ms`),
    worse("abstention", arms, (row) => row.abstained, "abstained"),
    worse("quality", arms, (row) => row.loss, "mean loss"),
    shiftGuard(...arms),
  ];
  const { rows } = canary.step;
  const of = (outcome: CanaryDecision["outcome"], reason: string): CanaryDecision => ({
    ...{ outcome, reason, guards, rows: { champion: champion.step.rows, canary: rows } },
  });
  const broken = guards.filter((guard) => !guard.pass);
  if (broken.length > 0)
    return of("end", broken.map(({ guard, text }) => `${guard}: ${text}`).join("; "));
  if (rows < rule.minRows)
    return of("wait", `${rows} of at least ${rule.minRows} rows in this step so far`);
  return of("climb", `no guard objects after ${rows} rows in this step`);
}

function ratioGuard(canary: ArmSeries, champion: ArmSeries, share: number): GuardResult {
  const [own, other] = [canary.step.units, champion.step.units];
  const { p, broken } = sampleRatio([other, own], [1 - share, share]);
  const met =
    own + other === 0 ? "nobody yet" : `${percent(own / (own + other))} of ${own + other} callers`;
  const text = `in this step the canary met ${met}, it should meet ${percent(share)} (p = ${p.toPrecision(2)})`;
  const means = ", so the assignment or the log is broken and nothing can be compared";
  return { guard: "sample ratio", pass: !broken, text: broken ? text + means : text };
}

/** Is the canary worse by more than the margin, in [-1, 1]? */
function worse(
  guard: keyof typeof MARGIN,
  [canary, champion]: readonly [readonly ArmRow[], readonly ArmRow[]],
  measure: (row: ArmRow) => number,
  what: string,
): GuardResult {
  const known = (rows: readonly ArmRow[]) => rows.filter((row) => !Number.isNaN(measure(row)));
  const [own, others] = [known(canary), known(champion)];
  const differences = neighbours(own, others).map(
    ([row, other]) => measure(other) - measure(row) + MARGIN[guard],
  );
  const evidence = eValues(addPairs(NO_PAIRS, differences)).champion;
  const shown = (rows: readonly ArmRow[]): string => {
    const value = mean(rows.map(measure));
    return guard === "quality" ? value.toPrecision(3) : percent(value);
  };
  const text =
    differences.length === 0
      ? "nothing to compare yet"
      : `${what}: canary ${shown(own)}, champion ${shown(others)} (evidence against the canary ${evidence.toPrecision(3)} of ${EVIDENCE})`;
  return { guard, pass: evidence < EVIDENCE, text };
}

/**
 * Each row with the first row of the other arm after it that has no partner yet: independent rows of about the same moment, so
 * that a slow hour is not held against the one that answered more in it.
 */
function neighbours(
  rows: readonly ArmRow[],
  others: readonly ArmRow[],
): (readonly [ArmRow, ArmRow])[] {
  const pairs: (readonly [ArmRow, ArmRow])[] = [];
  let next = 0;
  for (const row of rows) {
    while (next < others.length && others[next]!.at < row.at) next++;
    if (next === others.length) break;
    pairs.push([row, others[next++]!]);
  }
  return pairs;
}

function shiftGuard(canary: readonly ArmRow[], champion: readonly ArmRow[]): GuardResult {
  const [own, others] = [canary, champion].map((rows) => sortedKnown(rows.map((row) => row.said)));
  const { statistic, p } =
    own!.length === 0 || others!.length === 0 ? { statistic: 0, p: 1 } : ksTest(own!, others!);
  const text = `what both say differs by ${statistic.toPrecision(2)} of at most ${MOST_SHIFT}`;
  return { guard: "outputs", pass: statistic <= MOST_SHIFT || p >= 0.001, text };
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
