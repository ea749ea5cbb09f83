import { z } from "zod";
import { endpoint } from "./endpoint.ts";

/** Rows are checked against the model, field by field, where they are used; the contract only says that they are a list. */
export const row = z.custom<Readonly<Record<string, Cell>>>();

/** Lists only for imported models that take tensors. */
export type Cell = string | number | boolean | null | readonly Cell[];

const routedVersion = z.object({ id: z.string(), number: z.number(), onnx: z.string() });

const routed = z.object({
  model: z.string(),
  /** Absent: a member of a family without a version of its own; its fallbacks answer. */
  champion: routedVersion.optional(),
  shadow: routedVersion.optional(),
  split: z.enum(["canary", "weights", "bandit"]).optional(),
  fallback: z.array(z.string()).optional(),
  deadlineMs: z.number().optional(),
  revision: z.number(),
});

export const explanation = z.object({
  /** What the model says on average over the background; with all contributions it adds up to `said`. */
  base: z.number(),
  said: z.number(),
  baseProbability: z.number().optional(),
  /** One per column, the largest first. */
  contributions: z.array(
    z.object({
      column: z.string(),
      value: z.unknown(),
      contribution: z.number(),
      /** Of a text: the words that pushed this way, the strongest first. */
      words: z.array(z.string()).optional(),
    }),
  ),
  unit: z.enum(["log-odds", "probability", "target"]),
  /** The class that is explained; absent for regression. */
  of: z.string().optional(),
  /** All exact but `permutation`, which is estimated from random orders of the columns. */
  method: z.enum(["tree", "linear", "enumeration", "permutation"]),
  /** Half-width of the 95 % interval of a contribution, the widest; 0 = exact. */
  error: z.number(),
  /** What the row is compared with: all training rows (by the counts of the trees), some of them, or a row of missing values (of zeros, for imported models). */
  background: z.object({
    kind: z.enum(["training", "rows", "missing", "zeros"]),
    rows: z.number(),
  }),
  /** Rows the model was run on for this explanation. */
  runs: z.number(),
});

export const prediction = z.object({
  /** For feedback. */
  id: z.string(),
  /** The more probable class; the number itself for regression; null when the model abstains. */
  label: z.union([z.string(), z.number()]).nullable(),
  /** true: too uncertain to say anything. Absent: the version has no rule to abstain. */
  abstained: z.boolean().optional(),
  /** Binary: of the positive class. */
  probability: z.number().optional(),
  probabilities: z.record(z.string(), z.number()).optional(),
  /** Regression. */
  value: z.number().optional(),
  /** Imported models that say neither classes nor a number: their outputs, by name. */
  outputs: z.record(z.string(), z.unknown()).optional(),
  /** Every class that may be true at the promised coverage. */
  set: z.array(z.string()).optional(),
  /** The number lies in here at the promised coverage. */
  interval: z.tuple([z.number(), z.number()]).optional(),
  /** Why, when asked for. */
  explanation: explanation.optional(),
  /** The same in words, the strongest first. */
  reasons: z.array(z.string()).optional(),
  version: z.number(),
  versionId: z.string(),
  variant: z.enum(["champion", "requested", "canary", "arm", "fallback"]),
  /** The model that answered, when it was a fallback, and how far down the chain (1 = the first). */
  answeredBy: z.string().optional(),
  level: z.number().optional(),
});

export type Explanation = z.output<typeof explanation>;
export type Prediction = z.output<typeof prediction>;

/** What a gateway answers, beside the Open Inference Protocol and MLflow's `/invocations`. */
export const serving = {
  predict: endpoint({
    method: "POST",
    path: "/models/{model}/predict",
    summary: "Predicts rows. The answer leaves when it is in the prediction log on disk.",
    input: z.object({
      model: z.string(),
      rows: z.array(row).min(1).max(100_000),
      /** A version's number or digest, `champion`, `canary`, `challenger` or `shadow`; the route decides when left out. */
      version: z.union([z.string(), z.number()]).optional(),
      /** Say why, row by row. */
      explain: z.boolean().optional(),
    }),
    output: z.object({
      model: z.string(),
      predictions: z.array(prediction),
      /** false: the log's disk is full and these predictions are not kept, as the gateway was told to do. Absent: they are. */
      logged: z.literal(false).optional(),
    }),
  }),
  giveFeedback: endpoint({
    method: "POST",
    path: "/models/{model}/feedback",
    summary: "Says what really happened, by prediction id. The last one by time wins.",
    input: z.object({
      model: z.string(),
      feedback: z
        .array(
          z.strictObject({
            id: z.string().max(100),
            label: z.union([z.string().max(10_000), z.number(), z.boolean()]),
            /** When it became known: ISO 8601 or milliseconds since 1970; now when left out. */
            at: z.union([z.string().max(100), z.number()]).optional(),
          }),
        )
        .min(1)
        .max(100_000),
    }),
    output: z.object({ kept: z.number() }),
  }),
  listRoutes: endpoint({
    method: "GET",
    path: "/models",
    summary: "Which versions answer for which model here, and are proven in shadow.",
    input: z.object({}),
    output: z.object({ models: z.array(routed) }),
  }),
  refreshRoutes: endpoint({
    method: "POST",
    path: "/gateway/refresh",
    summary:
      "Takes over changed routes now; with a model and a revision, answers when the gateway serves it.",
    input: z.object({
      model: z.string().optional(),
      revision: z.number().int().optional(),
      timeoutMs: z.number().int().min(0).max(25_000).default(10_000),
    }),
    output: z.object({ models: z.array(routed) }),
  }),
};
