import type { Series } from "../../sdk/src/contract/shapes.ts";
import { METRICS } from "../evaluation/metrics/all.ts";
import type { FeatureDrift } from "./window-drift.ts";
import type { WindowReport } from "./window-report.ts";

type Point = Series["points"][number];

/**
 * What the windows of a model say, one series per quantity: performance on labels first, then its estimate without labels, drift
 * (largest impact in the newest window first), volume.
 * @param windows oldest first.
 */
export function seriesOf(windows: readonly WindowReport[]): Series[] {
  if (windows.length === 0) return [];
  return [
    ...metricSeries("performance", windows, (w) => w.performance?.metric, performancePoint),
    ...metricSeries("estimated", windows, (w) => w.estimated[0]?.metric, estimatedPoint),
    ...abstentionSeries(windows),
    ...driftSeries(windows),
    {
      name: "volume",
      kind: "volume",
      title: "Rows a window",
      better: null,
      points: windows.map((w) => ({
        ...blank(w),
        value: w.rows,
        expected: w.volume?.usual ?? null,
        alarm: w.volume !== undefined,
      })),
    },
  ];
}

const blank = ({ window, rows }: WindowReport): Point => ({
  from: window.start,
  to: window.end,
  rows,
  value: null,
  low: null,
  high: null,
  threshold: null,
  expected: null,
  alarm: false,
});

/** A series per metric in use (small windows are judged by another one), the most used first. */
function metricSeries(
  kind: "performance" | "estimated",
  windows: readonly WindowReport[],
  metricOf: (window: WindowReport) => string | undefined,
  point: (window: WindowReport) => Point,
): Series[] {
  const used = new Map<string, number>();
  for (const window of windows) {
    const name = metricOf(window);
    if (name !== undefined) used.set(name, (used.get(name) ?? 0) + 1);
  }
  return [...used]
    .sort((a, b) => b[1] - a[1])
    .map(([name]) => {
      const metric = METRICS.find((m) => m.name === name);
      const title = metric?.title ?? name;
      return {
        name: kind === "performance" ? name : `estimated ${name}`,
        kind,
        title: kind === "performance" ? title : `${title}, estimated without labels`,
        better: metric?.better ?? null,
        points: windows.map((window) =>
          metricOf(window) === name ? point(window) : blank(window),
        ),
      };
    });
}

function performancePoint(window: WindowReport): Point {
  const found = window.performance;
  if (!found) return blank(window);
  return {
    ...blank(window),
    rows: found.labelled,
    value: found.now,
    low: found.lower,
    high: found.upper,
    expected: found.before,
    alarm: found.worse,
  };
}

function estimatedPoint(window: WindowReport): Point {
  const found = window.estimated[0];
  if (!found?.known) return blank(window);
  return { ...blank(window), value: found.value, low: found.lower, high: found.upper };
}

/** Only where a version had a rule to abstain: how often its promise was kept, and how often it said nothing. */
function abstentionSeries(windows: readonly WindowReport[]): Series[] {
  const promised = windows.find((w) => w.abstention?.promise)?.abstention?.promise;
  const kept: Series = {
    ...{ name: "promise", kind: "performance", better: "higher" },
    title: promised?.of === "coverage" ? "Truth within what was said" : "Right when it answered",
    points: windows.map((w) => {
      const found = w.abstention?.promise;
      if (!found) return blank(w);
      const { rows, value, lower: low, upper: high, promised: expected, broken: alarm } = found;
      return { ...blank(w), rows, value, low, high, expected, alarm };
    }),
  };
  const silent: Series = {
    ...{ name: "abstained", kind: "drift", title: "Rows it did not answer", better: null },
    points: windows.map((w) => {
      const { rate, before, drift } = w.abstention ?? {};
      if (rate === undefined) return blank(w);
      return { ...blank(w), value: rate, expected: before ?? null, alarm: drift?.drifted ?? false };
    }),
  };
  const said = (series: Series) => series.points.some(({ value }) => value !== null);
  return [kept, silent].filter(said);
}

function driftSeries(windows: readonly WindowReport[]): Series[] {
  const newest = windows.at(-1)!;
  const names = [
    ...(newest.prediction ? [newest.prediction] : []),
    ...[...newest.features].sort((a, b) => b.impact - a.impact),
  ].map((drift) => drift.feature);
  const find = (window: WindowReport, name: string): FeatureDrift | undefined =>
    window.prediction?.feature === name
      ? window.prediction
      : window.features.find((drift) => drift.feature === name);
  return names.map((name) => ({
    name,
    kind: "drift",
    title: name === newest.prediction?.feature ? "Predictions" : name,
    better: "lower",
    points: windows.map((window) => {
      const drift = find(window, name);
      if (!drift?.enough) return blank(window);
      return {
        ...blank(window),
        rows: drift.rows,
        value: drift.statistic,
        threshold: drift.threshold,
        alarm: drift.drifted,
      };
    }),
  }));
}
