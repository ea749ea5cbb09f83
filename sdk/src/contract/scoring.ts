import { z } from "zod";
import { endpoint } from "./endpoint.ts";

/** Batches of rows in files. */
export const scoring = {
  score: endpoint({
    method: "POST",
    path: "/api/models/{model}/score",
    summary:
      "Scores files of the project's folder: every row once. Answers with the run; its output tells where the result is.",
    input: z.object({
      model: z.string().min(1).max(200),
      /** Path or glob within the project's folder: csv, tsv, jsonl (each also .gz), parquet. */
      source: z.string().min(1).max(1000),
      /** Name of the result in the folder `scores` of the project. */
      out: z
        .string()
        .regex(
          /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.(parquet|csv|jsonl)$/,
          "a file name (no folders) that ends in .parquet, .csv or .jsonl",
        ),
      /** Number, alias or digest of the version that answers every row. Left out: the champion, and the members of its family. */
      version: z.union([z.string().max(100), z.number().int()]).optional(),
      /** So many main reasons for each answer, in a column of their own. */
      reasons: z.number().int().min(1).max(3).optional(),
      /** The so many highest scores also as a list of their own. */
      top: z.number().int().min(1).max(10_000_000).optional(),
      /** Hands the highest scores on, as often as people can look at them: true = as the project says. */
      forward: z
        .union([
          z.literal(true),
          z.object({ to: z.string().min(1).max(100), capacity: z.string().max(40) }),
        ])
        .optional(),
    }),
    output: z.object({ runId: z.string(), out: z.string() }),
  }),
};
