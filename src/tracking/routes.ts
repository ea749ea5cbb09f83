import { runs, type Status } from "../../sdk/src/contract/runs.ts";
import type { Engine, Run } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { HttpRoute } from "../http/http.ts";
import { mount } from "../http/mount.ts";
import type { Clock } from "../lib/clock.ts";
import { wireDouble } from "./mlflow/fields.ts";
import { isActive, runDetail, runSummary } from "./run-view.ts";
import { compareRuns } from "./runs/compare-runs.ts";
import type { Comparison } from "./runs/comparison.ts";
import type { TrackedRunStore } from "./runs/store.ts";

export interface RunRoutesDeps {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Runs as they are tracked, those of MLflow's clients among them. */
  readonly tracked: Pick<TrackedRunStore, "whole">;
  /** What the status page says beyond runs; the worker's heartbeat is read from the engine. */
  status(): Promise<Pick<Status, "project" | "version" | "gateway" | "models" | "openIncidents">>;
}

/** Runs and `/api/status`. Throws `not_found` for an unknown run, `conflict` when there is nothing left to cancel. */
export function runRoutes({ engine, clock, tracked, status }: RunRoutesDeps): HttpRoute[] {
  const found = async (id: string): Promise<Run> => {
    const run = await engine.get(id);
    if (run) return run;
    throw new MillwrightError(
      "not_found",
      `There is no run ${id}. \`millwright runs\` lists the known ones.`,
    );
  };
  return mount(runs, {
    async status() {
      const [base, worker, load] = await Promise.all([status(), engine.hasWorker(), engine.load()]);
      const active = load.runs.filter(({ state }) => state !== "failed");
      const activeRuns = active.reduce((sum, { count }) => sum + count, 0);
      return { ...base, now: clock.now(), worker, activeRuns };
    },
    async runs({ pipeline, state, parent, limit }) {
      const list = await engine.list({
        limit,
        ...(parent === undefined ? {} : { parent }),
        ...(pipeline === undefined ? {} : { pipeline }),
        ...(state === undefined ? {} : { state }),
      });
      return { runs: list.map(runSummary) };
    },
    async run({ run: id }) {
      const [run, steps] = await Promise.all([found(id), engine.steps(id)]);
      return runDetail(run, steps);
    },
    async compare({ runs: ids, all = false }) {
      const named = ids.split(",").map((id) => id.trim());
      return copied(await compareRuns({ runs: tracked }, { runs: named.filter(Boolean), all }));
    },
    async cancel({ run: id }) {
      const run = await found(id);
      if (!isActive(run))
        throw new MillwrightError(
          "conflict",
          `Run ${id} is over (${run.state}); there is nothing to cancel.`,
        );
      await engine.cancel(id);
      return runSummary(await found(id));
    },
  });
}

/** JSON has no NaN and no infinity: they are said as MLflow says them. */
function copied(found: Comparison) {
  const rows = (section: Comparison["params"]) =>
    section.map(({ values, ...row }) => ({
      ...row,
      values: values.map((value) => (typeof value === "number" ? wireDouble(value) : value)),
    }));
  const { params, metrics, data, environment, tags } = found;
  return {
    ...{
      runs: found.runs.map((run) => ({ ...run })),
      params: rows(params),
      metrics: rows(metrics),
    },
    ...{ data: rows(data), environment: rows(environment), tags: rows(tags) },
  };
}
