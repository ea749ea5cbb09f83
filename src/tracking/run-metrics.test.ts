import { expect, test } from "vitest";
import type { Load, Worker } from "../engine/engine.ts";
import { renderMetrics } from "../lib/render-metrics.ts";
import { checkExposition } from "../testing/exposition.ts";
import { runMetrics } from "./run-metrics.ts";

const NOW = 10 * 86_400_000;
const engine = (load: Load, workers: readonly Worker[]) => ({
  load: async () => load,
  workers: async () => workers,
});
const worker = (queues: readonly string[] | undefined, busy: number): Worker => ({
  ...{ id: `exec_${busy}`, host: "here", pid: 1, queues, places: 4, busy, startedAt: 0 },
  ...{ has: { cpu: 2, memory: 2 ** 30, gpu: 0 }, draining: false },
});

test("runs by queue, pipeline and state, depth and age of each queue, and who works", async () => {
  const load: Load = {
    runs: [
      { queue: "default", pipeline: "train", state: "queued", count: 2 },
      { queue: "fit", pipeline: "fit-members", state: "queued", count: 40 },
      { queue: "fit", pipeline: "fit-members", state: "running", count: 3 },
      { queue: "default", pipeline: "judge", state: "failed", count: 1 },
    ],
    oldestQueued: { default: NOW - 90_000, fit: NOW - 5000 },
  };
  const incidents = new Map([["mail", 1]]);
  const workers = [worker(undefined, 1), worker(["fit", "gpu"], 3)];
  const snapshot = await runMetrics({ engine: engine(load, workers) }, { now: NOW, incidents });
  const found = checkExposition(renderMetrics(snapshot));
  const runs = 'millwright_runs{queue="fit",pipeline="fit-members",state="running"}';
  expect(found.get(runs)).toBe(3);
  expect(found.get('millwright_queue_depth{queue="default"}')).toBe(2);
  expect(found.get('millwright_queue_depth{queue="fit"}')).toBe(40);
  expect(found.get('millwright_queue_depth{queue="gpu"}')).toBe(0);
  expect(found.get('millwright_oldest_queued_run_seconds{queue="default"}')).toBe(90);
  expect(found.get('millwright_oldest_queued_run_seconds{queue="fit"}')).toBe(5);
  expect(found.get('millwright_oldest_queued_run_seconds{queue="gpu"}')).toBe(0);
  expect(found.get("millwright_worker_up")).toBe(1);
  expect(found.get('millwright_worker_places{use="busy"}')).toBe(4);
  expect(found.get('millwright_worker_places{use="free"}')).toBe(4);
  expect(found.get('millwright_incidents_open{model="mail"}')).toBe(1);
});

test("nothing to do is a queue of age 0", async () => {
  const idle = { now: NOW, incidents: new Map<string, number>() };
  const nothing = engine({ runs: [], oldestQueued: {} }, []);
  const found = checkExposition(renderMetrics(await runMetrics({ engine: nothing }, idle)));
  expect(found.get('millwright_oldest_queued_run_seconds{queue="default"}')).toBe(0);
  expect(found.get('millwright_queue_depth{queue="default"}')).toBe(0);
  expect(found.get("millwright_worker_up")).toBe(0);
});
