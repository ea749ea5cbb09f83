import type { TrackedRun } from "@millwright/sdk/contract/experiments";

export interface Column {
  readonly kind: "metric" | "param";
  readonly key: string;
  /** A param that is the same in all runs says nothing, an end of an interval little. */
  readonly telling: boolean;
}

/** How many columns stand there when nobody has chosen any. */
const METRICS = 4;
const PARAMS = 3;

/** An end of the interval around a metric of ours: `auc.lower`. */
export const BOUND = /\.(lower|upper)$/;

/** As it stands in the address: `metric:auc`. */
export const columnName = ({ kind, key }: Pick<Column, "kind" | "key">): string => `${kind}:${key}`;

/** Every metric and param of these runs: those that tell something first, then those that most of them have. */
export function columnsOf(runs: readonly TrackedRun[]): Column[] {
  const found = new Map<string, Pick<Column, "kind" | "key"> & { values: string[] }>();
  const add = (kind: Column["kind"], key: string, value: string): void => {
    const name = columnName({ kind, key });
    const known = found.get(name) ?? { kind, key, values: [] };
    known.values.push(value);
    found.set(name, known);
  };
  for (const { data } of runs) {
    for (const { key, value } of data.metrics) add("metric", key, String(value));
    for (const { key, value } of data.params) add("param", key, value);
  }
  const columns = [...found.values()].map(({ kind, key, values }) => ({
    ...{ kind, key, runs: values.length },
    telling: kind === "metric" ? !BOUND.test(key) : runs.length === 1 || new Set(values).size > 1,
  }));
  return columns.sort(
    (a, b) => Number(b.telling) - Number(a.telling) || b.runs - a.runs || (a.key < b.key ? -1 : 1),
  );
}

/** The chosen columns, or the first few metrics and params that tell something. */
export function shownColumns(all: readonly Column[], chosen: string | null): readonly Column[] {
  if (chosen !== null) {
    const names = new Set(chosen.split(","));
    return all.filter((column) => names.has(columnName(column)));
  }
  const of = (kind: Column["kind"], most: number) =>
    all.filter((column) => column.kind === kind && column.telling).slice(0, most);
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

/** A run without a name goes by the beginning of its id. */
export const shownName = (id: string, name: string): string =>
  name === "" ? id.slice(0, 12) : name;

export const nameOf = ({ info }: TrackedRun): string => shownName(info.run_id, info.run_name);

/** How long it took, or has been running; undefined where it ended and nobody said when. */
export function tookOf({ info }: TrackedRun, now: number): number | undefined {
  const end = info.status === "RUNNING" ? Math.max(now, info.start_time) : info.end_time;
  return end === undefined ? undefined : end - info.start_time;
}
