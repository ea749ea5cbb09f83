import type { TrackedRun } from "@millwright/sdk/contract/experiments";

export interface Column {
  readonly kind: "metric" | "param";
  readonly key: string;
}

/** How many columns stand there when nobody has chosen any. */
const METRICS = 4;
const PARAMS = 3;

/** An end of the interval around a metric of ours: `auc.lower`. */
export const BOUND = /\.(lower|upper)$/;

/** As it stands in the address: `metric:auc`. */
export const columnName = ({ kind, key }: Column): string => `${kind}:${key}`;

/** Every metric and param of these runs; those that most of them have come first. */
export function columnsOf(runs: readonly TrackedRun[]): Column[] {
  const counts = new Map<string, { column: Column; runs: number; values: Set<string> }>();
  const add = (column: Column, value: string): void => {
    const name = columnName(column);
    const known = counts.get(name) ?? { column, runs: 0, values: new Set<string>() };
    known.runs++;
    known.values.add(value);
    counts.set(name, known);
  };
  for (const { data } of runs) {
    for (const { key, value } of data.metrics) add({ kind: "metric", key }, String(value));
    for (const { key, value } of data.params) add({ kind: "param", key }, value);
  }
  // A param that is the same everywhere says nothing, an end of an interval little.
  const telling = ({ column, values }: { column: Column; values: Set<string> }): number =>
    column.kind === "param" ? Number(values.size === 1) : Number(BOUND.test(column.key));
  return [...counts.values()]
    .sort(
      (a, b) =>
        telling(a) - telling(b) || b.runs - a.runs || (a.column.key < b.column.key ? -1 : 1),
    )
    .map(({ column }) => column);
}

/** The chosen columns, or the first few metrics, and of the params those that differ between these runs. */
export function shownColumns(
  all: readonly Column[],
  chosen: string | null,
  runs: readonly TrackedRun[],
): readonly Column[] {
  if (chosen !== null) {
    const names = new Set(chosen.split(","));
    return all.filter((column) => names.has(columnName(column)));
  }
  const telling = ({ kind, key }: Column): boolean =>
    kind === "metric"
      ? !BOUND.test(key)
      : runs.length === 1 || new Set(runs.flatMap((run) => paramOf(run, key) ?? [])).size > 1;
  const of = (kind: Column["kind"], most: number) =>
    all.filter((column) => column.kind === kind && telling(column)).slice(0, most);
  return [...of("metric", METRICS), ...of("param", PARAMS)];
}

/** What `order_by` says for a column; keys may hold anything but their own quotes. */
export function orderOf({ kind, key }: Column): string | undefined {
  const quote = ["`", '"'].find((mark) => !key.includes(mark));
  return quote === undefined ? undefined : `${kind}s.${quote}${key}${quote}`;
}

export const metricOf = (run: TrackedRun, key: string): number | undefined =>
  run.data.metrics.find((metric) => metric.key === key)?.value;

export const paramOf = (run: TrackedRun, key: string): string | undefined =>
  run.data.params.find((param) => param.key === key)?.value;

export const tagOf = (run: TrackedRun, key: string): string | undefined =>
  run.data.tags.find((tag) => tag.key === key)?.value;

/** Of a candidate of a training: it is the one that was fitted in the end. */
export const isWinner = (run: TrackedRun): boolean => tagOf(run, "millwright.winner") === "true";

export const nameOf = ({ info }: TrackedRun): string =>
  info.run_name === "" ? info.run_id.slice(0, 12) : info.run_name;
