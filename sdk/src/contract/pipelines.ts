import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { RunSummaryShape } from "./shapes.ts";

const PipelineView = z.object({
  name: z.string(),
  /** Their names and defaults; null: it takes any. */
  params: z.record(z.string(), z.unknown()).nullable(),
  /** In the words of the schedule: "day", "6h", "0 2 * * *" (UTC). */
  every: z.string().nullable(),
  /** In words: "every day at 02:00" (UTC). */
  starts: z.string().nullable(),
  nextAt: z.number().nullable(),
  /** The newest run. */
  last: RunSummaryShape.nullable(),
});

export const pipelines = {
  pipelines: endpoint({
    method: "GET",
    path: "/api/pipelines",
    summary: "The pipelines that the project declares, with their schedules and newest runs.",
    input: z.object({}),
    output: z.object({ pipelines: z.array(PipelineView) }),
  }),
  startPipeline: endpoint({
    method: "POST",
    path: "/api/pipelines/{pipeline}/runs",
    summary: "Starts a run of a pipeline that the project declares, with its code as it is now.",
    input: z.object({
      pipeline: z.string().min(1).max(100),
      /** Over the pipeline's own. */
      params: z.record(z.string(), z.json()).optional(),
    }),
    output: z.object({ run: z.string() }),
  }),
  signalRun: endpoint({
    method: "POST",
    path: "/api/runs/{run}/signals",
    summary: "Tells a run what it waits for; kept for it where it does not wait yet.",
    input: z.object({
      run: z.string().min(1).max(300),
      topic: z.string().min(1).max(100),
      payload: z.json().optional(),
    }),
    output: z.object({
      /** Whether it waited for that at this moment. */
      waits: z.boolean(),
    }),
  }),
};

export type PipelineView = z.output<typeof PipelineView>;
