import type { FamilySnapshot, MetricSeries, MetricsSnapshot } from "./metrics.ts";

/** The media type of `renderMetrics`. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Prometheus' text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats. */
export const renderMetrics = (snapshot: MetricsSnapshot): string =>
  `${snapshot.flatMap(familyLines).join("\n")}\n`;

function familyLines(family: FamilySnapshot): string[] {
  const { name, type, help } = family;
  if (family.series.length === 0) return [];
  const lines = [`# HELP ${name} ${escapedHelp(help)}`, `# TYPE ${name} ${type}`];
  for (const series of family.series)
    if (type === "histogram") lines.push(...histogramLines(family, series));
    else lines.push(`${name}${labelled(family, series)} ${number(series.value)}`);
  return lines;
}

function histogramLines(family: FamilySnapshot, series: MetricSeries): string[] {
  const { name, buckets = [] } = family;
  let below = 0;
  const lines = [...buckets, Number.POSITIVE_INFINITY].map((bound, i) => {
    below += series.counts?.[i] ?? 0;
    return `${name}_bucket${labelled(family, series, ["le", number(bound)])} ${below}`;
  });
  const labels = labelled(family, series);
  return [
    ...lines,
    `${name}_sum${labels} ${number(series.value)}`,
    `${name}_count${labels} ${below}`,
  ];
}

function labelled(
  { labels = [] }: FamilySnapshot,
  { values }: MetricSeries,
  further?: readonly [string, string],
): string {
  const pairs = labels.map((label, i) => [label, values[i] ?? ""] as const);
  const all = further === undefined ? pairs : [...pairs, further];
  if (all.length === 0) return "";
  return `{${all.map(([label, value]) => `${label}="${escaped(value)}"`).join(",")}}`;
}

const number = (value: number): string =>
  value === Number.POSITIVE_INFINITY
    ? "+Inf"
    : value === Number.NEGATIVE_INFINITY
      ? "-Inf"
      : String(value);

const escaped = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
const escapedHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
