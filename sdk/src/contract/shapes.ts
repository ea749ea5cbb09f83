import { z } from "zod";

/** Words that several contracts share. Times are milliseconds since 1970 UTC; unknown is `null`, never left out. */

export const RunStateShape = z.enum([
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "cancelled",
]);

/** A value with its 95 % interval; the ends are null where none could be computed. */
export const MetricShape = z.object({
  name: z.string(),
  /** For people. */
  title: z.string(),
  /** `share`: 0..1; `target`: in the target's own unit; `loss`: no unit. */
  unit: z.enum(["share", "target", "loss"]),
  better: z.enum(["higher", "lower"]),
  value: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

export const RunSummaryShape = z.object({
  id: z.string(),
  pipeline: z.string(),
  /** The model or dataset the run is about, when its input names one. */
  subject: z.string().nullable(),
  state: RunStateShape,
  createdAt: z.number(),
  finishedAt: z.number().nullable(),
  progress: z
    .object({ step: z.string(), message: z.string(), fraction: z.number().nullable() })
    .nullable(),
  /** In words, with what to do; null unless failed. */
  error: z.string().nullable(),
  /** What a finished run decided, in words, when it was there to decide. */
  decision: z.string().nullable(),
});

export const IncidentShape = z.object({
  id: z.string(),
  model: z.string(),
  state: z.enum(["open", "resolved"]),
  openedAt: z.number(),
  resolvedAt: z.number().nullable(),
  title: z.string(),
  /** The likely cause, in words. */
  cause: z.string(),
  /** The estimated loss, in words; null when it cannot be known. */
  loss: z.string().nullable(),
  /** What is being done or should be done. */
  action: z.string(),
  /** What was found, the worst first. */
  findings: z.array(
    z.object({
      /** `drift`, `performance`, `volume`, `missing` … */
      kind: z.string(),
      column: z.string().nullable(),
      message: z.string(),
    }),
  ),
});

/** What a monitored quantity did over time: one point a window. */
export const SeriesShape = z.object({
  name: z.string(),
  /** `performance`, `drift`, `volume`, `missing`. */
  kind: z.string(),
  /** For people. */
  title: z.string(),
  better: z.enum(["higher", "lower"]).nullable(),
  points: z.array(
    z.object({
      from: z.number(),
      to: z.number(),
      rows: z.number(),
      /** null = not enough rows in this window to say. */
      value: z.number().nullable(),
      low: z.number().nullable(),
      high: z.number().nullable(),
      /** Beyond this the window counts as an alarm. */
      threshold: z.number().nullable(),
      /** What was promised or is usual, where that is a number. */
      expected: z.number().nullable(),
      alarm: z.boolean(),
    }),
  ),
});

export type RunStateName = z.output<typeof RunStateShape>;
export type Metric = z.output<typeof MetricShape>;
export type RunSummary = z.output<typeof RunSummaryShape>;
export type Incident = z.output<typeof IncidentShape>;
export type Series = z.output<typeof SeriesShape>;
