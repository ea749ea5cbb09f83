import { z } from "zod";
import { endpoint } from "./endpoint.ts";

const AnomalyShape = z.object({
  kind: z.string(),
  severity: z.enum(["suspicious", "broken"]),
  column: z.string().nullable(),
  rows: z.number(),
  examples: z.array(z.string()),
  message: z.string(),
});

const Column = z.object({
  name: z.string(),
  type: z.enum(["number", "string", "time"]),
  role: z.enum([
    "target",
    "numeric",
    "category",
    "text",
    "time",
    "id",
    "constant",
    "leak",
    "ignore",
  ]),
  /** Why the role was chosen. */
  reason: z.string(),
  /** Largest share of missing values that is still normal, 0..1. */
  missing: z.number(),
  range: z.object({ min: z.number(), max: z.number() }).nullable(),
  /** The first known values, and how many there are in all. */
  domain: z.object({ values: z.array(z.string()), known: z.number() }).nullable(),
});

const VersionRef = z.object({
  id: z.string(),
  rows: z.number(),
  columns: z.number(),
  suspicious: z.number(),
  broken: z.number(),
  quarantined: z.number(),
  createdAt: z.number(),
});

const DatasetSummary = z.object({
  name: z.string(),
  versions: z.number(),
  latest: VersionRef.nullable(),
});

const DatasetDetail = z.object({
  name: z.string(),
  /** Newest first. */
  versions: z.array(VersionRef),
  /** The version shown: the one asked for, else the newest. */
  version: VersionRef,
  columns: z.array(Column),
  anomalies: z.array(AnomalyShape),
  sources: z.array(z.object({ uri: z.string(), digest: z.string() })),
});

export const datasets = {
  datasets: endpoint({
    method: "GET",
    path: "/api/datasets",
    summary: "Every dataset with its newest version.",
    input: z.object({}),
    output: z.object({ datasets: z.array(DatasetSummary) }),
  }),
  dataset: endpoint({
    method: "GET",
    path: "/api/datasets/{dataset}",
    summary: "One dataset: versions, schema, anomalies, quarantined rows, sources.",
    input: z.object({
      dataset: z.string().min(1).max(100),
      /** The beginning of a digest; the newest when left out. */
      version: z.string().max(80).optional(),
    }),
    output: DatasetDetail,
  }),
};

export type DatasetSummary = z.output<typeof DatasetSummary>;
export type DatasetDetail = z.output<typeof DatasetDetail>;
export type DatasetVersionRef = z.output<typeof VersionRef>;
