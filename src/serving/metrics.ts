/** Upper bounds in seconds: an online answer takes about a millisecond. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Counters of one gateway process, in the words of Prometheus. */
export interface Metrics {
  countRequest(route: string, status: number, durationMs: number): void;
  count(name: CounterName, by?: number): void;
  /** @param gauges values as of now, by metric name. */
  render(gauges: Readonly<Record<string, number>>): string;
}

export type CounterName =
  | "predictions"
  | "unlogged"
  | "fallbacks"
  | "late_answers"
  | "feedback"
  | "shadow_predictions"
  | "shadow_failures"
  | "shadow_skipped"
  | "refresh_failures";

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

export function metrics(): Metrics {
  const requests = new Map<string, number>();
  const durations = new Map<string, Histogram>();
  const counters = new Map<CounterName, number>();
  return {
    countRequest(route, status, durationMs) {
      const labels = `{route=${JSON.stringify(route)},status="${status}"}`;
      requests.set(labels, (requests.get(labels) ?? 0) + 1);
      let histogram = durations.get(route);
      if (histogram === undefined) {
        histogram = { counts: BUCKETS.map(() => 0), sum: 0, count: 0 };
        durations.set(route, histogram);
      }
      const seconds = durationMs / 1000;
      histogram.sum += seconds;
      histogram.count++;
      const bucket = BUCKETS.findIndex((bound) => seconds <= bound);
      if (bucket >= 0) histogram.counts[bucket]!++;
    },
    count: (name, by = 1) => counters.set(name, (counters.get(name) ?? 0) + by),
    render(gauges) {
      const lines = ["# TYPE millwright_requests_total counter"];
      for (const [labels, n] of requests) lines.push(`millwright_requests_total${labels} ${n}`);
      lines.push("# TYPE millwright_request_seconds histogram");
      for (const [route, histogram] of durations) lines.push(...histogramLines(route, histogram));
      for (const [name, n] of counters)
        lines.push(`# TYPE millwright_${name}_total counter`, `millwright_${name}_total ${n}`);
      for (const [name, value] of Object.entries(gauges))
        lines.push(`# TYPE millwright_${name} gauge`, `millwright_${name} ${value}`);
      return `${lines.join("\n")}\n`;
    },
  };
}

function histogramLines(route: string, { counts, sum, count }: Histogram): string[] {
  const name = "millwright_request_seconds";
  const label = `route=${JSON.stringify(route)}`;
  let below = 0;
  const buckets = BUCKETS.map((bound, i) => {
    below += counts[i]!;
    return `${name}_bucket{${label},le="${bound}"} ${below}`;
  });
  return [
    ...buckets,
    `${name}_bucket{${label},le="+Inf"} ${count}`,
    `${name}_sum{${label}} ${sum}`,
    `${name}_count{${label}} ${count}`,
  ];
}
