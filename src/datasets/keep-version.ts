import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Clock } from "../lib/clock.ts";
import { crashPoint } from "../lib/crash-point.ts";
import { type Digest, digestOfJson } from "../lib/digest.ts";
import { mergeProfiles, type Profile, profileTable } from "../stats/profile.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Columns, ScratchFile } from "../storage/columns/columns.ts";
import type { Anomaly } from "./anomaly.ts";
import type { DatasetVersion, Lineage } from "./dataset-version.ts";
import type { Schema } from "./schema.ts";
import type { DatasetStore } from "./store.ts";

export interface KeepVersionInput {
  readonly dataset: string;
  /** The rows as Parquet; discarded when they are kept. */
  readonly file: ScratchFile;
  readonly schema: Schema;
  readonly anomalies: readonly Anomaly[];
  readonly quarantined: ScratchFile | undefined;
  readonly lineage: Lineage;
  /** Names what was read, so that it is not read again; left out: the version's own id. */
  readonly readKey?: Digest;
}

/** Profiles the finished rows and keeps them as a version. The last write is the database row: until then nothing refers to the blobs. */
export async function keepVersion(
  deps: {
    readonly columns: Columns;
    readonly blobs: Blobs;
    readonly datasets: DatasetStore;
    readonly clock: Clock;
  },
  input: KeepVersionInput,
): Promise<{ version: DatasetVersion; created: boolean }> {
  const { columns, blobs, datasets, clock } = deps;
  const { dataset, file, schema, anomalies, quarantined, lineage, readKey } = input;
  let profile: Profile | undefined;
  for await (const table of columns.scan(file.path)) {
    const part = profileTable(table);
    profile = profile ? mergeProfiles(profile, part) : part;
  }
  const data = await blobs.putFile(file.path);
  const version: DatasetVersion = {
    id: digestOfJson({ data, schema }),
    dataset,
    rows: profile?.rows ?? 0,
    schema,
    data,
    profile: await blobs.put(utf8ToBytes(JSON.stringify(profile ?? { rows: 0, columns: {} }))),
    anomalies,
    quarantine: quarantined && {
      rows: quarantined.rows,
      data: await blobs.putFile(quarantined.path),
    },
    lineage,
    createdAt: clock.now(),
  };
  await file.discard();
  await quarantined?.discard();
  crashPoint("ingest:blobs");
  return datasets.add(version, readKey ?? version.id);
}
