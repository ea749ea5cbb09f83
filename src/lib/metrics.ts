/** What a metric is. Names and units as https://prometheus.io/docs/practices/naming says. */
export interface MetricFamily {
  /** With unit, and `_total` for counters. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence without line breaks. */
  readonly help: string;
  readonly labels?: readonly string[];
  /** Histograms: upper bounds, ascending, without infinity. */
  readonly buckets?: readonly number[];
  /** Gauges of several processes become one: their sum unless `max` says so. */
  readonly merge?: "max" | "min";
}

/** What was counted until now. Plain JSON: goes from process to process, and adds up. */
export type MetricsSnapshot = readonly FamilySnapshot[];

export interface FamilySnapshot extends MetricFamily {
  readonly series: readonly MetricSeries[];
}

export interface MetricSeries {
  /** In the order of the family's `labels`. */
  readonly values: readonly string[];
  /** Of counters and gauges. Of histograms the sum of what was observed. */
  readonly value: number;
  /** Histograms: observations per bucket (not added up), the last one beyond all bounds. */
  readonly counts?: readonly number[];
}

/** A family that is counted here. O(1) and without garbage once a combination of labels has been seen. */
export interface Recorded {
  /** Counters: adds. Gauges: sets. Histograms: observes. As many labels as the family has, at most three. */
  (value: number, a?: string, b?: string, c?: string): void;
  snapshot(): FamilySnapshot;
}

interface Cell {
  readonly values: readonly string[];
  value: number;
  readonly counts: number[] | undefined;
}

type Level = Map<string, Level | Cell>;

export function recorded(family: MetricFamily): Recorded {
  const { type, labels = [], buckets = [] } = family;
  const cells: Cell[] = [];
  const root: Level = new Map();
  const depth = labels.length;
  const made = (values: readonly string[]): Cell => {
    const counts = type === "histogram" ? new Array<number>(buckets.length + 1).fill(0) : undefined;
    const cell = { values, value: 0, counts };
    cells.push(cell);
    return cell;
  };
  // Without labels there is one series from the start: a counter that is absent until it counts cannot be alarmed on.
  const only = depth === 0 ? made([]) : undefined;
  const next = (level: Level, key: string): Level => {
    let found = level.get(key) as Level | undefined;
    if (found === undefined) {
      found = new Map();
      level.set(key, found);
    }
    return found;
  };
  const cellOf = (a: string, b: string, c: string): Cell => {
    let level = root;
    let last = a;
    if (depth > 1) {
      level = next(level, a);
      last = b;
    }
    if (depth > 2) {
      level = next(level, b);
      last = c;
    }
    let cell = level.get(last) as Cell | undefined;
    if (cell === undefined) {
      cell = made([a, b, c].slice(0, depth));
      level.set(last, cell);
    }
    return cell;
  };
  const record = (value: number, a = "", b = "", c = ""): void => {
    const cell = only ?? cellOf(a, b, c);
    if (type === "gauge") cell.value = value;
    else cell.value += value;
    if (cell.counts === undefined) return;
    let bucket = 0;
    while (bucket < buckets.length && value > buckets[bucket]!) bucket++;
    cell.counts[bucket]!++;
  };
  return Object.assign(record, {
    snapshot: (): FamilySnapshot => ({
      ...family,
      series: cells.map(({ values, value, counts }) => ({
        ...{ values, value },
        ...(counts === undefined ? {} : { counts: [...counts] }),
      })),
    }),
  });
}

/** A family of which only the present value is known. */
export const present = (
  family: MetricFamily,
  series: readonly (readonly [value: number, ...labels: string[]])[],
): FamilySnapshot => ({
  ...family,
  series: series.map(([value, ...values]) => ({ values, value })),
});

/** What several processes counted, as if it had been one. Families and series in the order in which they first appear. */
export function mergeSnapshots(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const families = new Map<string, { family: FamilySnapshot; series: Map<string, MetricSeries> }>();
  for (const family of snapshots.flat()) {
    const known = families.get(family.name) ?? { family, series: new Map() };
    families.set(family.name, known);
    for (const one of family.series) {
      const key = one.values.join("\u0000");
      const other = known.series.get(key);
      known.series.set(key, other === undefined ? one : added(family, other, one));
    }
  }
  return [...families.values()].map(({ family, series }) => ({
    ...family,
    series: [...series.values()],
  }));
}

function added({ merge }: MetricFamily, a: MetricSeries, b: MetricSeries): MetricSeries {
  const both = { max: Math.max, min: Math.min, sum: (x: number, y: number) => x + y };
  const value = both[merge ?? "sum"](a.value, b.value);
  const { counts } = b;
  if (a.counts === undefined || counts === undefined) return { values: a.values, value };
  return { values: a.values, value, counts: a.counts.map((n, i) => n + (counts[i] ?? 0)) };
}
