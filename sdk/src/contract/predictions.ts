import { z } from "zod";
import { endpoint } from "./endpoint.ts";

const Model = z.object({ model: z.string().min(1).max(100) });
const Id = z.string().min(1).max(100);
const VARIANT = z.enum(["champion", "requested", "canary", "arm", "fallback", "shadow"]);

/** Milliseconds since 1970, or ISO 8601. */
const Time = z.string().max(40);
const Flag = z.enum(["true", "false"]).transform((text) => text === "true");

const PredictionShape = z.object({
  id: z.string(),
  /** When it was asked for, and when its row happened: ms since 1970. */
  at: z.number(),
  eventTime: z.number(),
  key: z.string().nullable(),
  /** null: a version that is not registered any more. */
  version: z.number().nullable(),
  versionId: z.string(),
  variant: VARIANT,
  /** What the model leaned to. */
  label: z.union([z.string(), z.number()]),
  abstained: z.boolean(),
  /** Binary: probability of the positive class; multiclass: one per class; regression: the value. */
  output: z.array(z.number()),
  latencyMs: z.number(),
  /** What really happened, and when that was said. null: nobody knows. */
  truth: z.object({ label: z.union([z.string(), z.number()]), at: z.number() }).nullable(),
});

const DetailShape = PredictionShape.extend({
  /** The row as it was sent. */
  inputs: z.record(z.string(), z.unknown()),
  /** What ran beside it on the same row. */
  beside: z.array(PredictionShape),
});

const HourShape = z.object({
  /** Its beginning, ms since 1970. */
  hour: z.number(),
  rows: z.number(),
  abstained: z.number(),
  /** Mean. */
  latencyMs: z.number(),
});

const NumbersShape = z.object({
  rows: z.number(),
  mean: z.number(),
  sd: z.number(),
  min: z.number(),
  max: z.number(),
  /** At 1, 25, 50, 75 and 99 %, within 2 % of rank. */
  quantiles: z.array(z.number()),
  /** About, within a few per cent. */
  distinct: z.number(),
});

const TextsShape = z.object({
  rows: z.number(),
  /** About, within a few per cent. */
  distinct: z.number(),
  /** The most frequent, with how often at least; more often by `missed` at most. */
  values: z.array(z.object({ value: z.string(), rows: z.number() })),
  missed: z.number(),
});

const TrafficShape = z.object({
  rows: z.number(),
  abstained: z.number(),
  /** Entities, about. */
  keys: z.number(),
  labels: z.array(z.object({ label: z.string(), rows: z.number() })),
  latencyMs: NumbersShape.nullable(),
  outputs: z.array(NumbersShape),
  inputs: z.array(
    z.object({
      name: z.string(),
      missing: z.number(),
      numbers: NumbersShape.nullable(),
      texts: TextsShape.nullable(),
    }),
  ),
});

export type PredictionView = z.output<typeof PredictionShape>;
export type PredictionDetail = z.output<typeof DetailShape>;
export type TrafficView = z.output<typeof TrafficShape>;
export type VolumeHour = z.output<typeof HourShape>;

/** The window is by event time, its end not included; everything when left out. */
const Window = Model.extend({ from: Time.optional(), to: Time.optional() });
const Filter = Window.extend({
  /** Number, alias or digest. */
  version: Id.optional(),
  /** One, or `all`; those that answered callers when left out. */
  variant: z.union([VARIANT, z.literal("all")]).optional(),
});

/** The prediction log: what was answered, and what came of it. */
export const predictions = {
  predictions: endpoint({
    method: "GET",
    path: "/api/models/{model}/predictions",
    summary: "Logged predictions, newest first, a page at a time.",
    input: Filter.extend({
      key: z.string().max(1000).optional(),
      label: z.string().max(1000).optional(),
      abstained: Flag.optional(),
      /** Only those of which is known what really happened. */
      withTruth: Flag.optional(),
      order: z.enum(["newest", "oldest"]).default("newest"),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      /** `next` of the page before. */
      cursor: z.string().max(300).optional(),
    }),
    output: z.object({ predictions: z.array(PredictionShape), next: z.string().nullable() }),
  }),
  prediction: endpoint({
    method: "GET",
    path: "/api/models/{model}/predictions/{id}",
    summary: "One prediction, however old: inputs, output, who answered, what really happened.",
    input: Model.extend({ id: Id }),
    output: DetailShape,
  }),
  erasePredictions: endpoint({
    method: "POST",
    path: "/api/models/{model}/predictions/erase",
    summary: "Erases all predictions about one entity, with their feedback. Cannot be undone.",
    input: Model.extend({ key: z.string().min(1).max(1000), reason: z.string().max(500) }),
    output: z.object({ predictions: z.number(), keyDigest: z.string() }),
  }),
  volume: endpoint({
    method: "GET",
    path: "/api/models/{model}/volume",
    summary: "How much was answered, by hour of arrival. The last minute may be missing.",
    input: Window,
    output: z.object({
      hours: z.array(HourShape),
      /** Feedback that belongs to no prediction that is kept. */
      unmatchedFeedback: z.number(),
    }),
  }),
  traffic: endpoint({
    method: "GET",
    path: "/api/models/{model}/traffic",
    summary: "What was asked and answered in a window, column by column, without its rows.",
    input: Filter,
    output: TrafficShape,
  }),
};
