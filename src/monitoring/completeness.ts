import { median } from "../stats/descriptive.ts";
import { binomialCdf } from "../stats/distributions.ts";
import type { ColumnProfile } from "../stats/profile.ts";
import type { FeatureReference } from "./reference.ts";
import type { MonitoringWindow } from "./windows.ts";

/** A feature whose share of missing values is not what it was. */
export interface MissingChange {
  readonly feature: string;
  readonly before: number;
  readonly now: number;
  readonly p: number;
  readonly words: string;
}

const MIN_ROWS = 30;
const MIN_CHANGE = 0.05;
const MAX_P = 0.001;

/**
 * More (or fewer) missing than chance explains (exact binomial, p < 0.001) by at least 5 % of the rows: less comes and goes with
 * single sources. A feature that is absent altogether counts as all missing.
 */
export function missingChanges(
  references: Readonly<Record<string, FeatureReference>>,
  window: Readonly<Record<string, ColumnProfile>>,
  windowRows: number,
): readonly MissingChange[] {
  if (windowRows < MIN_ROWS) return [];
  return Object.entries(references).flatMap(([feature, reference]) => {
    const { rows, missing } = window[feature] ?? { rows: windowRows, missing: windowRows };
    const [before, now] = [reference.missing / reference.rows, missing / rows];
    const p = binomialTail(missing, rows, (reference.missing + 0.5) / (reference.rows + 1));
    if (Math.abs(now - before) < MIN_CHANGE || p >= MAX_P) return [];
    const words = `${feature}: missing in ${percent(now)} of the rows, was ${percent(before)}`;
    return [{ feature, before, now, p, words }];
  });
}

/** Chance of a count at least as far out on its side. */
const binomialTail = (count: number, n: number, share: number): number =>
  count / n >= share ? 1 - binomialCdf(count - 1, n, share) : binomialCdf(count, n, share);

/** How many rows came, against the windows before. */
export interface VolumeChange {
  readonly rows: number;
  readonly usual: number;
  readonly words: string;
}

const MIN_WINDOWS = 4;
const TOO_FEW = 2;
/** Traffic has peaks; three times as much may be something sent twice. */
const TOO_MANY = 3;

/**
 * Too few rows (less than half the median of the windows before) or too many (more than three times), and beyond 3.5 robust
 * standard deviations of their logarithms. Nothing is said before four windows are known, except that no row came where rows were usual.
 */
export function volumeChange(rows: number, before: readonly number[]): VolumeChange | undefined {
  if (before.length < MIN_WINDOWS) return undefined;
  const logs = before.map((n) => Math.log(n + 1));
  const centre = median(logs);
  const spread = 1.4826 * median(logs.map((l) => Math.abs(l - centre)));
  const distance = Math.log(rows + 1) - centre;
  const usual = Math.round(Math.exp(centre) - 1);
  const allowed = Math.log(distance > 0 ? TOO_MANY : TOO_FEW);
  if (Math.abs(distance) <= Math.max(allowed, 3.5 * spread)) return undefined;
  const word = rows < usual ? "only " : "";
  return { rows, usual, words: `${word}${rows} rows came, ${usual} are usual` };
}

/** Volumes to compare a window with: the same hour of the day, the same day of the week, or all weeks. */
export function usualVolumes(
  history: readonly { readonly start: number; readonly rows: number }[],
  window: MonitoringWindow,
): readonly number[] {
  const length = window.end - window.start;
  const cycle = length < DAY ? DAY : length === DAY ? 7 * DAY : length;
  const alike = history.filter(({ start }) => (window.start - start) % cycle === 0);
  return alike.slice(-KEPT).map(({ rows }) => rows);
}

const DAY = 86_400_000;
const KEPT = 12;

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
