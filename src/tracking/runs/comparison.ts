import {
  CONTEXT_TAG,
  RUN_NAME_TAG,
  type RunContents,
  type RunStatus,
  type TrackedRun,
} from "./tracked-run.ts";

export interface ComparedRun {
  readonly id: string;
  readonly name: string;
  readonly experiment: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
}

export interface ComparedRow {
  readonly key: string;
  /** One for each run, in their order; null = it has none. */
  readonly values: readonly (string | number | null)[];
  readonly differs: boolean;
}

/** Runs side by side. Of a metric the latest values stand here. */
export interface Comparison {
  readonly runs: readonly ComparedRun[];
  readonly params: readonly ComparedRow[];
  readonly metrics: readonly ComparedRow[];
  /** Datasets by name and use; the values are their digests. */
  readonly data: readonly ComparedRow[];
  /** Where the code came from, who ran it, what executed it. */
  readonly environment: readonly ComparedRow[];
  readonly tags: readonly ComparedRow[];
}

/** Ours, and what MLflow's client says of itself. */
const ENVIRONMENT =
  /^(millwright\.(environment\.|code$)|mlflow\.(source\.|user$|project|docker|databricks))/;

interface Whole {
  readonly run: TrackedRun;
  readonly contents: RunContents;
}

/** @param all also what is the same everywhere; else only differences. */
export function comparison(runs: readonly Whole[], all: boolean): Comparison {
  const rows = (of: (whole: Whole) => readonly (readonly [string, string | number])[]) =>
    sideBySide(runs.map((whole) => new Map(of(whole)))).filter(({ differs }) => all || differs);
  const tags = (wanted: (key: string) => boolean) =>
    rows(({ contents }) =>
      contents.tags.filter(({ key }) => wanted(key)).map(({ key, value }) => [key, value]),
    );
  return {
    runs: runs.map(({ run }) => ({
      ...{ id: run.id, name: run.name, experiment: run.experiment, status: run.status },
      ...{ startTime: run.startTime, endTime: run.endTime ?? null },
    })),
    params: rows(({ contents }) => contents.params.map(({ key, value }) => [key, value])),
    metrics: rows(({ contents }) => contents.metrics.map(({ key, value }) => [key, value])),
    data: rows(({ contents }) =>
      contents.datasets.map(({ dataset, tags: about }) => {
        const context = about.find(({ key }) => key === CONTEXT_TAG)?.value;
        return [`${dataset.name}${context === undefined ? "" : ` (${context})`}`, dataset.digest];
      }),
    ),
    environment: tags((key) => ENVIRONMENT.test(key)),
    tags: tags((key) => !ENVIRONMENT.test(key) && key !== RUN_NAME_TAG),
  };
}

function sideBySide(maps: readonly ReadonlyMap<string, string | number>[]): ComparedRow[] {
  const keys = [...new Set(maps.flatMap((map) => [...map.keys()]))].sort();
  return keys.map((key) => {
    const values = maps.map((map) => map.get(key) ?? null);
    return { key, values, differs: values.some((value) => !Object.is(value, values[0])) };
  });
}
