import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { MetricShape } from "./shapes.ts";

/** One version's part in a split: what it should get, what it got, and how it did. Counted since the split began. */
const Arm = z.object({
  version: z.number(),
  versionId: z.string(),
  variant: z.enum(["champion", "canary", "arm"]),
  /** Of the requests, 0..1: asked for. */
  share: z.number(),
  /** What the shares are made of, by the kind of split. */
  weight: z.number().nullable(),
  wins: z.number().nullable(),
  losses: z.number().nullable(),
  /** Rows asked of it, of which somebody else had to answer, of which it abstained, of which the truth is known. */
  rows: z.number(),
  failed: z.number(),
  abstained: z.number(),
  labelled: z.number(),
  /** Keys among them, a row without one counts as one; and their share of all arms', 0..1. null: nobody yet. */
  callers: z.number(),
  served: z.number().nullable(),
  /** Milliseconds. null: nothing answered yet. */
  latencyMs: z.object({ median: z.number(), p95: z.number() }).nullable(),
  /** Share of right classes, or mean absolute error, on rows whose truth is known. */
  quality: MetricShape.nullable(),
});

const SplitShape = z.object({
  /** Stays while only shares change. */
  id: z.string(),
  kind: z.enum(["canary", "weights", "bandit"]),
  /** When it began, and when its shares were last changed. */
  begun: z.number(),
  since: z.number(),
  /** Canary: percentages still to climb; 100 = promoted. */
  steps: z.array(z.number()),
  /** The champion first. */
  arms: z.array(Arm),
  /** Do callers arrive in the shares asked for? p < 0.001: broken, nothing can be compared. Counted since the shares were last changed. */
  sampleRatio: z.object({ p: z.number(), broken: z.boolean() }),
  /** Canary: what each guard says now. */
  guards: z.array(z.object({ guard: z.string(), pass: z.boolean(), text: z.string() })),
});

const RevisionShape = z.object({
  revision: z.number(),
  /** In words. */
  reason: z.string(),
  /** `control`, `command line` or the id of a run; "" where that was not said. */
  by: z.string(),
  changedAt: z.number(),
  /** null: the model was not served. */
  champion: z.number().nullable(),
  shadow: z.number().nullable(),
  /** In words; null: the champion answers everything. */
  split: z.string().nullable(),
  fallback: z.array(z.string()),
  deadlineMs: z.number().nullable(),
});

const RouteShape = RevisionShape.omit({ split: true }).extend({
  model: z.string(),
  split: SplitShape.nullable(),
});

const version = z
  .union([z.string().min(1).max(80), z.number().int().min(1)])
  .transform((name) => String(name));

/** How requests are divided. Versions by number, alias or the beginning of a digest; the champion is one of the arms. */
const SplitWish = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("canary"),
    version,
    percent: z.number(),
    /** Percentages to climb by itself afterwards; 100 = promoted. Left out: it stays. */
    steps: z.array(z.number()).max(20).optional(),
  }),
  z.strictObject({
    kind: z.literal("weights"),
    arms: z.array(z.strictObject({ version, weight: z.number() })).max(100),
  }),
  z.strictObject({
    kind: z.literal("bandit"),
    arms: z.array(z.strictObject({ version })).max(100),
  }),
]);

const Name = z.object({ model: z.string().min(1).max(100) });
const why = { reason: z.string().max(500).optional() };

export const routing = {
  route: endpoint({
    method: "GET",
    path: "/api/models/{model}/route",
    summary: "Who answers for a model, in which shares, how each did, and who stands in.",
    input: Name,
    output: RouteShape,
  }),
  routeHistory: endpoint({
    method: "GET",
    path: "/api/models/{model}/route/history",
    summary: "Every change of a route: what, who, why and when. Newest first.",
    input: Name.extend({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
    output: z.object({ model: z.string(), revisions: z.array(RevisionShape) }),
  }),
  changeRoute: endpoint({
    method: "POST",
    path: "/api/models/{model}/route",
    summary:
      "Divides requests, sets who stands in, or the deadline. null ends a thing, what is left out stays. Gateways follow within a second.",
    input: Name.extend({
      split: SplitWish.nullable().optional(),
      /** Models, nearest first. A model without a version of its own becomes a member of a family. */
      fallback: z.array(z.string().min(1).max(100)).max(20).nullable().optional(),
      deadlineMs: z.number().nullable().optional(),
      /** Only if this is still the route's revision; else 409 `conflict`. */
      revision: z.number().int().optional(),
      ...why,
    }),
    output: z.object({ model: z.string(), revision: z.number().nullable() }),
  }),
  undoRoute: endpoint({
    method: "POST",
    path: "/api/models/{model}/route/undo",
    summary: "Split, fallbacks and deadline as they were at a former revision. The champion stays.",
    input: Name.extend({ revision: z.number().int().min(1), ...why }),
    output: z.object({ model: z.string(), revision: z.number().nullable() }),
  }),
};

export type RouteView = z.output<typeof RouteShape>;
export type RouteRevisionView = z.output<typeof RevisionShape>;
export type ArmView = z.output<typeof Arm>;
