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
  reason: z.string().nullable(),
  version: z.object({ id: z.string(), number: z.number().int(), onnx: z.string() }).nullable(),
  bytes: z.number().nullable(),
  /** Mean loss on training rows it has not learned from, by candidate. */
  tried: z.record(z.string(), z.number()),
  trainedAt: z.number(),
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
    output: z.object({ members: z.array(Member) }),
  }),
  member: endpoint({
    method: "GET",
    path: "/api/families/{model}/members/{member}",
    summary: "One member, by its model name.",
    input: z.object({ model: z.string().min(1).max(200), member: z.string().min(1).max(200) }),
    output: Member,
  }),
};
