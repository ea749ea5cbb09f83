import { expect, test } from "vitest";
import type { Run, RunState } from "../engine/engine.ts";
import { renderMetrics } from "../lib/render-metrics.ts";
import { checkExposition } from "../testing/exposition.ts";
import { runMetrics } from "./run-metrics.ts";

const NOW = 10 * 86_400_000;
const run = (pipeline: string, state: RunState, createdAt: number): Run => ({
  ...{ id: `run_${createdAt}`, pipeline, state, input: {}, output: undefined, error: undefined },
  ...{ queue: "default", priority: 0, parent: undefined },
  ...{ createdAt, finishedAt: state === "failed" ? createdAt + 1 : undefined, progress: undefined },
});
const engine = (runs: readonly Run[], worker: boolean) => ({
  hasWorker: async () => worker,
  list: async (filter: { state?: RunState } = {}) => runs.filter((r) => r.state === filter.state),
});

test("runs by pipeline and state, the age of the queue, and whether somebody works", async () => {
  const runs = [
    run("train", "queued", NOW - 90_000),
    run("train", "queued", NOW - 30_000),
    run("watch", "running", NOW - 5000),
    run("judge", "failed", NOW - 3_600_000),
    run("judge", "failed", NOW - 3 * 86_400_000),
  ];
  const incidents = new Map([["mail", 1]]);
  const found = checkExposition(
    renderMetrics(await runMetrics({ engine: engine(runs, true) }, { now: NOW, incidents })),
  );
  expect(found.get('millwright_runs{pipeline="train",state="queued"}')).toBe(2);
  expect(found.get('millwright_runs{pipeline="watch",state="running"}')).toBe(1);
  expect(found.get('millwright_runs{pipeline="judge",state="failed"}')).toBe(1);
  expect(found.get("millwright_oldest_queued_run_seconds")).toBe(90);
  expect(found.get("millwright_worker_up")).toBe(1);
  expect(found.get('millwright_incidents_open{model="mail"}')).toBe(1);
});

test("nothing to do is a queue of age 0", async () => {
  const idle = { now: NOW, incidents: new Map<string, number>() };
  const text = renderMetrics(await runMetrics({ engine: engine([], false) }, idle));
  const found = checkExposition(text);
  expect(found.get("millwright_oldest_queued_run_seconds")).toBe(0);
  expect(found.get("millwright_worker_up")).toBe(0);
});
