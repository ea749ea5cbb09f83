import type { Digest } from "../lib/digest.ts";
import type { Anomaly } from "./anomaly.ts";
import type { Schema } from "./schema.ts";

/** Immutable. `id` is the digest of (Parquet content, schema): the same bytes ingested twice are one version. */
export interface DatasetVersion {
  readonly id: Digest;
  readonly dataset: string;
  readonly rows: number;
  readonly schema: Schema;
  /** Parquet with one column per schema column (DOUBLE, VARCHAR, TIMESTAMP), in the source's row order. */
  readonly data: Digest;
  /** Per column statistics (JSON blob: mergeable profiles of stats/). */
  readonly profile: Digest;
  readonly anomalies: readonly Anomaly[];
  /** Rows that could not be taken, each with the reason (Parquet: line, reason, raw), or undefined when none. */
  readonly quarantine: { readonly rows: number; readonly data: Digest } | undefined;
  /** Where it came from: source URIs with digests, parent versions. */
  readonly lineage: Lineage;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface Lineage {
  readonly sources: readonly { readonly uri: string; readonly digest: Digest }[];
  readonly parents: readonly Digest[];
}
