import { z } from "zod";
import { endpoint } from "./endpoint.ts";

/** Models for each of many members. Losses: log loss in nats (two classes) or squared error, on rows that nobody learned from. */
const loss = z.number().nullable();

const Level = z.object({
  /** 0 = the finest. */
  level: z.number().int(),
  columns: z.array(z.string()),
  members: z.number().int(),
  /** Too few rows even to be drawn to a parent; they are not among the members. */
  thin: z.number().int(),
  standing: z.number().int(),
  failing: z.number().int(),
  rows: z.number(),
  testRows: z.number(),
  /** Of the files of those that stand. */
  bytes: z.number(),
  loss,
  parentLoss: loss,
  /** Of those that stand, how many chose what. */
  candidates: z.record(z.string(), z.number().int()),
});

const Training = z.object({
  number: z.number().int(),
  id: z.string(),
  runId: z.string(),
  /** Milliseconds since 1970, as all times here. */
  createdAt: z.number(),
  /** Some members only, under the parents of that training. */
  under: z.number().int().nullable(),
  members: z.number().int(),
  standing: z.number().int(),
  seconds: z.number(),
  computeSeconds: z.number(),
});

const Member = z.object({
  name: z.string(),
  level: z.number().int(),
  values: z.array(z.string()),
  /** It has a model of its own; else its parent answers. */
  stands: z.boolean(),
  rows: z.number().int(),
  testRows: z.number().int(),
  candidate: z.string(),
  loss,
  parentLoss: loss,
  /** The smallest rate of false discoveries at which it would stand; null: not tested. */
  q: z.number().nullable(),
  /** Of one that uses its parent: why. Of one that stands: what was found of its version beside the one before. */
  reason: z.string().nullable(),
  version: z.object({ id: z.string(), number: z.number().int(), onnx: z.string() }).nullable(),
  bytes: z.number().nullable(),
  /** Mean loss on training rows it has not learned from, by candidate. */
  tried: z.record(z.string(), z.number()),
  trainedAt: z.number(),
  /** Mean loss on all rows it was not learned from: what windows of the log are compared with. null: none. */
  expected: loss,
  watched: z
    .object({
      at: z.number(),
      rows: z.number(),
      loss: z.number(),
      q: z.number(),
      failing: z.boolean(),
    })
    .nullable(),
});

/** Who stands above a member and answers for it, nearest first, where its values say so. */
const Above = z.object({
  level: z.number().int(),
  columns: z.array(z.string()),
  /** null: the values are not those of the member; each row says who it is. */
  name: z.string().nullable(),
  /** It has a model of its own; null: not known, it is not listed. */
  stands: z.boolean().nullable(),
});

/** One entry a member in each list, in the order of their names: ten thousand are about a megabyte. */
const Fleet = z.object({
  model: z.string(),
  level: z.number().int(),
  names: z.array(z.string()),
  values: z.array(z.array(z.string())),
  states: z.array(z.enum(["parent", "stands", "failing"])),
  /** To learn from. */
  rows: z.array(z.number().int()),
  /** Share of the parent's loss that is saved on the test rows; null: the parent answers. */
  gains: z.array(z.number().nullable()),
});

const flag = z
  .union([z.boolean(), z.enum(["true", "false"])])
  .transform((value) => value === true || value === "true");

export const families = {
  families: endpoint({
    method: "GET",
    path: "/api/families",
    summary: "Models that have members of their own, with how many.",
    input: z.object({}),
    output: z.object({
      families: z.array(
        z.object({
          model: z.string(),
          members: z.number().int(),
          standing: z.number().int(),
          failing: z.number().int(),
          trainedAt: z.number(),
        }),
      ),
    }),
  }),
  family: endpoint({
    method: "GET",
    path: "/api/families/{model}",
    summary: "A family: its levels, what its members gain, and its trainings.",
    input: z.object({ model: z.string().min(1).max(200) }),
    output: z.object({
      model: z.string(),
      levels: z.array(Level),
      trainings: z.array(Training),
      /** What answers against the model that everybody shares, on the test rows of the coarsest level; null: it has none. */
      overall: z
        .object({ testRows: z.number(), loss: z.number(), sharedLoss: z.number() })
        .nullable(),
      /** End of the newest window of the log its members were watched in; null: none yet. */
      watchedAt: z.number().nullable(),
      enough: z.object({
        rows: z.number(),
        perClass: z.number(),
        shrink: z.number(),
        test: z.number(),
      }),
    }),
  }),
  members: endpoint({
    method: "GET",
    path: "/api/families/{model}/members",
    summary: "Members of a family, a page of them.",
    input: z.object({
      model: z.string().min(1).max(200),
      level: z.coerce.number().int().min(0).max(10).optional(),
      stands: flag.optional(),
      failing: flag.optional(),
      /** Part of a name or value. */
      search: z.string().max(200).optional(),
      order: z.enum(["name", "gain", "rows", "loss"]).default("gain"),
      limit: z.coerce.number().int().min(1).max(10_000).default(100),
      offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
    }),
    output: z.object({
      members: z.array(Member),
      /** All that match, whatever the page. */
      total: z.number().int(),
    }),
  }),
  fleet: endpoint({
    method: "GET",
    path: "/api/families/{model}/fleet",
    summary: "All members of one level at a glance: who stands, who fails, what each gains.",
    input: z.object({
      model: z.string().min(1).max(200),
      level: z.coerce.number().int().min(0).max(10).default(0),
    }),
    output: Fleet,
  }),
  member: endpoint({
    method: "GET",
    path: "/api/families/{model}/members/{member}",
    summary: "One member, by its model name.",
    input: z.object({ model: z.string().min(1).max(200), member: z.string().min(1).max(200) }),
    output: Member.extend({ above: z.array(Above) }),
  }),
  trainMembers: endpoint({
    method: "POST",
    path: "/api/families/{model}/train",
    summary: "Starts a training of members under the champion there is: all, or those named.",
    input: z.object({
      model: z.string().min(1).max(200),
      /** By their model names; all when left out. */
      members: z.array(z.string().min(1).max(200)).min(1).max(100_000).optional(),
    }),
    output: z.object({ runId: z.string() }),
  }),
};

export type FamilyView = z.output<typeof families.family.output>;
export type FamilyLevel = z.output<typeof Level>;
export type FamilyTraining = z.output<typeof Training>;
export type FamilyMemberView = z.output<typeof Member>;
export type FamilyMemberDetail = z.output<typeof families.member.output>;
export type FamilyFleet = z.output<typeof Fleet>;
