import { setTimeout as sleep } from "node:timers/promises";
import type { HttpRoute } from "../http/http.ts";
import type { Clock } from "../lib/clock.ts";
import type { Seal } from "../lib/seal.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { LocateDeps } from "../tracking/artifacts/locate-artifacts.ts";
import { assessmentRoutes } from "../tracking/assessments/routes.ts";
import { assessmentStore } from "../tracking/assessments/store.ts";
import { evaluationDatasetRoutes } from "../tracking/evaluation-datasets/routes.ts";
import { evaluationDatasetStore } from "../tracking/evaluation-datasets/store.ts";
import type { ExperimentStore } from "../tracking/experiments/store.ts";
import { issueRoutes } from "../tracking/issues/routes.ts";
import { issueStore } from "../tracking/issues/store.ts";
import { llmBindingRoutes } from "../tracking/llm-gateway/bindings/routes.ts";
import { llmBindingStore } from "../tracking/llm-gateway/bindings/store.ts";
import { llmEndpointRoutes } from "../tracking/llm-gateway/endpoints/routes.ts";
import { llmEndpointStore } from "../tracking/llm-gateway/endpoints/store.ts";
import { llmModelRoutes } from "../tracking/llm-gateway/models/routes.ts";
import { llmModelStore } from "../tracking/llm-gateway/models/store.ts";
import { llmProviderRoutes } from "../tracking/llm-gateway/providers/routes.ts";
import { llmSecretRoutes } from "../tracking/llm-gateway/secrets/routes.ts";
import { llmSecretStore } from "../tracking/llm-gateway/secrets/store.ts";
import { promptLabRoutes } from "../tracking/prompt-lab/routes.ts";
import type { RunLog } from "../tracking/runs/log/store.ts";
import type { TrackedRunStore } from "../tracking/runs/store.ts";
import { scorerRoutes } from "../tracking/scorers/routes.ts";
import { scorerStore } from "../tracking/scorers/store.ts";
import { legacyTraceRoutes } from "../tracking/traces/legacy/routes.ts";
import { traceMetricRoutes } from "../tracking/traces/metrics/routes.ts";
import { traceMetrics } from "../tracking/traces/metrics/store.ts";
import { otlpRoutes } from "../tracking/traces/otlp/routes.ts";
import { traceRoutes } from "../tracking/traces/routes.ts";
import { traceStore } from "../tracking/traces/store.ts";

export interface GenaiParts {
  readonly sql: Sql;
  readonly clock: Clock;
  /** Uniform in [0, 1), cryptographic: for ids. */
  chance(): number;
  readonly experiments: ExperimentStore;
  readonly runs: TrackedRunStore;
  readonly log: RunLog;
  /** What finds the artifacts of runs. */
  readonly located: LocateDeps;
  /** For keys of language models' providers. */
  readonly seal: Pick<Seal, "seal">;
}

/** MLflow's calls about language models and agents: traces, what is said of them, what judges them, and the models themselves. */
export function genaiApi(parts: GenaiParts): HttpRoute[] {
  const { sql, clock, chance, experiments, runs } = parts;
  const traces = traceStore(sql);
  const common = { clock, chance, experiment: experiments.get };
  const traceDeps = {
    ...{ ...common, traces, pause: sleep },
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
    ...issueRoutes({ ...common, issues: issueStore(sql) }),
    ...scorerRoutes({ ...common, scorers: scorerStore(sql) }),
    ...promptLabRoutes({ ...parts, ...common }),
    ...llmRoutes(parts),
  ];
}

function llmRoutes({ sql, clock, chance, experiments, seal }: GenaiParts): HttpRoute[] {
  const secrets = llmSecretStore(sql, seal);
  return [
    ...llmProviderRoutes(),
    ...llmSecretRoutes({ secrets, clock, chance }),
    ...llmModelRoutes({ models: llmModelStore(sql), secrets, clock, chance }),
    ...llmEndpointRoutes({
      ...{ endpoints: llmEndpointStore(sql), experiments, clock, chance },
      hasExperiment: async (id) => (await experiments.get(id)) !== undefined,
    }),
    ...llmBindingRoutes({ bindings: llmBindingStore(sql), clock }),
  ];
}
