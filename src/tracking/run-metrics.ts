import type { Engine, Run } from "../engine/engine.ts";
import { type MetricFamily, type MetricsSnapshot, present } from "../lib/metrics.ts";

/** What control tells Prometheus; gauges, read from the database when asked. */
export const CONTROL_METRICS = {
  runs: {
    ...{ name: "millwright_runs", type: "gauge", labels: ["pipeline", "state"] },
    help: "Runs that are queued, running or waiting, and those that failed in the last day.",
  },
  queued: {
    ...{ name: "millwright_oldest_queued_run_seconds", type: "gauge" },
    help: "Age of the oldest run that nobody has begun.",
  },
  worker: {
    ...{ name: "millwright_worker_up", type: "gauge" },
    help: "1 when some worker beats.",
  },
  incidents: {
    ...{ name: "millwright_incidents_open", type: "gauge", labels: ["model"] },
    help: "Open incidents.",
  },
} as const satisfies Readonly<Record<string, MetricFamily>>;

const DAY_MS = 86_400_000;
const STATES = ["queued", "running", "waiting", "failed"] as const;
/** Of a state. More are not counted: nobody needs the exact number of ten thousand failed runs. */
export const MOST_RUNS = 1000;

export async function runMetrics(
  deps: { readonly engine: Pick<Engine, "list" | "hasWorker"> },
  input: {
    readonly now: number;
    /** Every model of the project, with its open incidents. */
    readonly incidents: ReadonlyMap<string, number>;
  },
): Promise<MetricsSnapshot> {
  const { engine } = deps;
  const [worker, ...found] = await Promise.all([
    engine.hasWorker(),
    ...STATES.map((state) => engine.list({ state, limit: MOST_RUNS })),
  ]);
  const runs = found
    .flat()
    .filter((run) => run.state !== "failed" || (run.finishedAt ?? 0) > input.now - DAY_MS);
  const waiting = runs.filter(({ state }) => state === "queued").map(({ createdAt }) => createdAt);
  const oldest = waiting.reduce((first, at) => Math.min(first, at), input.now);
  return [
    present(CONTROL_METRICS.runs, counted(runs)),
    present(CONTROL_METRICS.queued, [[(input.now - oldest) / 1000]]),
    present(CONTROL_METRICS.worker, [[Number(worker)]]),
    present(
      CONTROL_METRICS.incidents,
      [...input.incidents].map(([model, open]) => [open, model] as const),
    ),
  ];
}

function counted(runs: readonly Run[]): (readonly [number, string, string])[] {
  const counts = new Map<string, [number, string, string]>();
  for (const { pipeline, state } of runs) {
    const known = counts.get(`${pipeline} ${state}`) ?? [0, pipeline, state];
    known[0]++;
    counts.set(`${pipeline} ${state}`, known);
  }
  return [...counts.values()];
}
