import { z } from "zod";
import { endpoint } from "./endpoint.ts";

/**
 * Experiments and tracked runs, by the calls that MLflow's clients use: what they do not carry (empty lists) is left out, doubles
 * that JSON has no word for are texts.
 */
const double = z
  .union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])])
  .transform((value) => Number(value));
const some = <T extends z.ZodType>(of: T) => z.array(of).default([]);

const Tag = z.object({ key: z.string(), value: z.string() });

const Experiment = z.object({
  experiment_id: z.string(),
  name: z.string(),
  artifact_location: z.string(),
  lifecycle_stage: z.enum(["active", "deleted"]),
  /** Milliseconds since 1970, as all times here. */
  creation_time: z.number(),
  last_update_time: z.number(),
  tags: some(Tag),
});

const Metric = z.object({
  key: z.string(),
  value: double,
  timestamp: z.number(),
  step: z.number().default(0),
});

const TrackedRun = z.object({
  info: z.object({
    run_id: z.string(),
    run_name: z.string().default(""),
    experiment_id: z.string(),
    user_id: z.string().default(""),
    status: z.enum(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]),
    start_time: z.number().default(0),
    end_time: z.number().optional(),
    artifact_uri: z.string(),
    lifecycle_stage: z.enum(["active", "deleted"]),
  }),
  data: z
    .object({ metrics: some(Metric), params: some(Tag), tags: some(Tag) })
    .default({ metrics: [], params: [], tags: [] }),
  inputs: z
    .object({
      dataset_inputs: some(
        z.object({
          dataset: z.object({
            name: z.string(),
            digest: z.string(),
            source_type: z.string().default(""),
          }),
          tags: some(Tag),
        }),
      ),
    })
    .default({ dataset_inputs: [] }),
  outputs: z
    .object({ model_outputs: some(z.object({ model_id: z.string() })) })
    .default({ model_outputs: [] }),
});

const page = {
  filter: z.string().optional(),
  order_by: z.array(z.string()).optional(),
  page_token: z.string().optional(),
  max_results: z.number().int(),
};

export const experiments = {
  experiments: endpoint({
    method: "POST",
    path: "/api/2.0/mlflow/experiments/search",
    summary: "Experiments, those last changed first.",
    input: z.object({ ...page, view_type: z.enum(["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]) }),
    output: z.object({ experiments: some(Experiment), next_page_token: z.string().optional() }),
  }),
  experiment: endpoint({
    method: "GET",
    path: "/api/2.0/mlflow/experiments/get",
    summary: "One experiment.",
    input: z.object({ experiment_id: z.string() }),
    output: z.object({ experiment: Experiment }),
  }),
  trackedRuns: endpoint({
    method: "POST",
    path: "/api/2.0/mlflow/runs/search",
    summary: "Runs of experiments, by MLflow's filter and order; newest first.",
    input: z.object({ ...page, experiment_ids: z.array(z.string()) }),
    output: z.object({ runs: some(TrackedRun), next_page_token: z.string().optional() }),
  }),
  trackedRun: endpoint({
    method: "GET",
    path: "/api/2.0/mlflow/runs/get",
    summary: "One tracked run with its params, latest metrics, tags, data and models.",
    input: z.object({ run_id: z.string() }),
    output: z.object({ run: TrackedRun }),
  }),
  metricHistory: endpoint({
    method: "GET",
    path: "/api/2.0/mlflow/metrics/get-history-bulk-interval",
    summary: "Points of a metric of some runs, thinned out evenly by step.",
    input: z.object({
      run_ids: z.array(z.string()),
      metric_key: z.string(),
      max_results: z.number().int(),
    }),
    output: z.object({ metrics: some(Metric.extend({ run_id: z.string() })) }),
  }),
  artifacts: endpoint({
    method: "GET",
    path: "/api/2.0/mlflow/artifacts/list",
    summary: "What lies in a folder of a run's artifacts.",
    input: z.object({ run_id: z.string(), path: z.string().optional() }),
    output: z.object({
      files: some(
        z.object({
          path: z.string(),
          is_dir: z.boolean().default(false),
          file_size: z.number().optional(),
        }),
      ),
      next_page_token: z.string().optional(),
    }),
  }),
};

export type Experiment = z.output<typeof Experiment>;
export type TrackedRun = z.output<typeof TrackedRun>;
export type TrackedMetric = z.output<typeof Metric>;
