import type { Engine } from "../engine/engine.ts";
import { DEFAULT_QUEUE } from "../engine/placing.ts";
import { type MetricFamily, type MetricsSnapshot, present } from "../lib/metrics.ts";

/** What control tells Prometheus; gauges, read from the database when asked. */
export const CONTROL_METRICS = {
  runs: {
    ...{ name: "millwright_runs", type: "gauge", labels: ["queue", "pipeline", "state"] },
    help: "Runs that are queued, running or waiting, and those that failed in the last day.",
  },
  depth: {
    ...{ name: "millwright_queue_depth", type: "gauge", labels: ["queue"] },
    help: "Runs that nobody has begun.",
  },
  queued: {
    ...{ name: "millwright_oldest_queued_run_seconds", type: "gauge", labels: ["queue"] },
    help: "Age of the oldest run that nobody has begun.",
  },
  worker: {
    ...{ name: "millwright_worker_up", type: "gauge" },
    help: "1 when some worker beats.",
  },
  places: {
    ...{ name: "millwright_worker_places", type: "gauge", labels: ["use"] },
    help: "Runs that all workers together can execute at once, and do.",
  },
  incidents: {
    ...{ name: "millwright_incidents_open", type: "gauge", labels: ["model"] },
    help: "Open incidents.",
  },
} as const satisfies Readonly<Record<string, MetricFamily>>;

export async function runMetrics(
  deps: { readonly engine: Pick<Engine, "load" | "workers"> },
  input: {
    readonly now: number;
    /** Every model of the project, with its open incidents. */
    readonly incidents: ReadonlyMap<string, number>;
  },
): Promise<MetricsSnapshot> {
  const [{ runs, oldestQueued }, workers] = await Promise.all([
    deps.engine.load(),
    deps.engine.workers(),
  ]);
  // An empty queue says 0: who scales by it must see that there is nothing.
  const queues = new Set([DEFAULT_QUEUE, ...runs.map(({ queue }) => queue)]);
  for (const worker of workers) for (const queue of worker.queues ?? []) queues.add(queue);
  const depth = (queue: string) =>
    runs
      .filter((run) => run.queue === queue && run.state === "queued")
      .reduce((sum, { count }) => sum + count, 0);
  const places = workers.reduce((sum, worker) => sum + worker.places, 0);
  const busy = workers.reduce((sum, worker) => sum + worker.busy, 0);
  return [
    present(
      CONTROL_METRICS.runs,
      runs.map(({ count, queue, pipeline, state }) => [count, queue, pipeline, state] as const),
    ),
    present(
      CONTROL_METRICS.depth,
      [...queues].map((queue) => [depth(queue), queue] as const),
    ),
    present(
      CONTROL_METRICS.queued,
      [...queues].map((queue) => {
        const since = oldestQueued[queue] ?? input.now;
        return [Math.max(0, input.now - since) / 1000, queue] as const;
      }),
    ),
    present(CONTROL_METRICS.worker, [[Number(workers.length > 0)]]),
    present(CONTROL_METRICS.places, [
      [busy, "busy"],
      [places - busy, "free"],
    ]),
    present(
      CONTROL_METRICS.incidents,
      [...input.incidents].map(([model, open]) => [open, model] as const),
    ),
  ];
}
