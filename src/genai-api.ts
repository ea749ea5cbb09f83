import { setTimeout as sleep } from "node:timers/promises";
import type { HttpRoute } from "./http/http.ts";
import type { Clock } from "./lib/clock.ts";
import type { Sql } from "./storage/sql/sql.ts";
import { assessmentRoutes } from "./tracking/assessments/routes.ts";
import { assessmentStore } from "./tracking/assessments/store.ts";
import { evaluationDatasetRoutes } from "./tracking/evaluation-datasets/routes.ts";
import { evaluationDatasetStore } from "./tracking/evaluation-datasets/store.ts";
import type { ExperimentStore } from "./tracking/experiments/store.ts";
import type { TrackedRunStore } from "./tracking/runs/store.ts";
import { legacyTraceRoutes } from "./tracking/traces/legacy/routes.ts";
import { traceMetricRoutes } from "./tracking/traces/metrics/routes.ts";
import { traceMetrics } from "./tracking/traces/metrics/store.ts";
import { otlpRoutes } from "./tracking/traces/otlp/routes.ts";
import { traceRoutes } from "./tracking/traces/routes.ts";
import { traceStore } from "./tracking/traces/store.ts";

export interface GenaiParts {
  readonly sql: Sql;
  readonly clock: Clock;
  /** Uniform in [0, 1), cryptographic: for ids. */
  chance(): number;
  readonly experiments: ExperimentStore;
  readonly runs: TrackedRunStore;
}

/** MLflow's calls about language models and agents: traces, what is said of them, and what they are evaluated on. */
export function genaiApi({ sql, clock, chance, experiments, runs }: GenaiParts): HttpRoute[] {
  const traces = traceStore(sql);
  const traceDeps = {
    ...{ traces, clock, chance, pause: sleep, experiment: experiments.get },
    hasRun: async (id: string) => (await runs.get(id)) !== undefined,
  };
  return [
    ...[...traceRoutes(traceDeps), ...legacyTraceRoutes(traceDeps), ...otlpRoutes(traceDeps)],
    ...traceMetricRoutes(traceMetrics(sql)),
    ...assessmentRoutes({
      ...{ clock, chance, assessments: assessmentStore(sql) },
      hasTrace: async (id) => (await traces.get([id])).length > 0,
    }),
    ...evaluationDatasetRoutes({ clock, chance, datasets: evaluationDatasetStore(sql) }),
  ];
}
