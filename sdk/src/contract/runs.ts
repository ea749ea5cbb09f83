import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { RunStateShape, RunSummaryShape } from "./shapes.ts";

const RunStepShape = z.object({
  name: z.string(),
  state: RunStateShape,
  attempts: z.number(),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
  error: z.string().nullable(),
});

const RunDetail = RunSummaryShape.extend({
  queue: z.string(),
  priority: z.number(),
  /** The run that started it in a fan-out. */
  parent: z.string().nullable(),
  input: z.unknown(),
  output: z.unknown(),
  steps: z.array(RunStepShape),
});

const ComparedRow = z.object({
  key: z.string(),
  /** One for each run, in their order; null = it has none. */
  values: z.array(z.union([z.string(), z.number(), z.null()])),
  differs: z.boolean(),
});

const Comparison = z.object({
  runs: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      experiment: z.string(),
      status: z.enum(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]),
      startTime: z.number(),
      endTime: z.number().nullable(),
    }),
  ),
  params: z.array(ComparedRow),
  /** The latest value of each. */
  metrics: z.array(ComparedRow),
  /** Digests of datasets, by name and use. */
  data: z.array(ComparedRow),
  environment: z.array(ComparedRow),
  tags: z.array(ComparedRow),
});

const Status = z.object({
  project: z.string(),
  version: z.string(),
  /** The server's clock: ages are counted from it. */
  now: z.number(),
  /** False when nothing executes runs: what is queued stays queued. */
  worker: z.boolean(),
  gateway: z
    .object({
      url: z.string(),
      ready: z.boolean(),
      /** The disk of its prediction log is full. */
      logFull: z.boolean(),
    })
    .nullable(),
  models: z.number(),
  openIncidents: z.number(),
  /** How many runs are queued, running or waiting. */
  activeRuns: z.number(),
});

export const runs = {
  status: endpoint({
    method: "GET",
    path: "/api/status",
    summary: "What runs here: worker, gateway, and how much there is to look at.",
    input: z.object({}),
    output: Status,
  }),
  runs: endpoint({
    method: "GET",
    path: "/api/runs",
    summary: "Runs, newest first.",
    input: z.object({
      pipeline: z.string().max(100).optional(),
      state: RunStateShape.optional(),
      /** Those that this run started in a fan-out; they are not among the others. */
      parent: z.string().max(300).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
    output: z.object({ runs: z.array(RunSummaryShape) }),
  }),
  run: endpoint({
    method: "GET",
    path: "/api/runs/{run}",
    summary: "One run with its steps, progress, input and output.",
    input: z.object({ run: z.string().min(1).max(300) }),
    output: RunDetail,
  }),
  compare: endpoint({
    method: "GET",
    path: "/api/compare",
    summary:
      "Runs side by side, ours and those of MLflow's clients: what differs in params, metrics, data, environment and tags.",
    input: z.object({
      /** Two to twenty ids, separated by commas. */
      runs: z.string().min(1).max(10_000),
      /** Also what is the same in all of them. */
      all: z.stringbool().optional(),
    }),
    output: Comparison,
  }),
  cancel: endpoint({
    method: "POST",
    path: "/api/runs/{run}/cancel",
    summary: "Stops a run that is not over; finished steps keep their results.",
    input: z.object({ run: z.string().min(1).max(300) }),
    output: RunSummaryShape,
  }),
};

export type Status = z.output<typeof Status>;
export type Comparison = z.output<typeof Comparison>;
export type RunDetail = z.output<typeof RunDetail>;
export type RunStepView = z.output<typeof RunStepShape>;
