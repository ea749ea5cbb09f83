import { MillwrightError } from "../errors.ts";
import type { Clock } from "../lib/clock.ts";
import type { Digest } from "../lib/digest.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Columns } from "../storage/columns/columns.ts";
import type { Table } from "../table/table.ts";
import type { DatasetVersion, Lineage } from "./dataset-version.ts";
import { factCounter } from "./facts.ts";
import { keepVersion } from "./keep-version.ts";
import type { Schema } from "./schema.ts";
import type { DatasetStore } from "./store.ts";
import { validate } from "./validate.ts";

export interface IngestTableInput {
  readonly dataset: string;
  /** One after the other: rows of an earlier version (by its Parquet digest), and rows in memory. */
  readonly parts: readonly (Table | Digest)[];
  readonly schema: Schema;
  readonly parents: readonly Digest[];
  readonly sources?: Lineage["sources"];
}

/**
 * A dataset version from rows at hand: an earlier version and new labelled rows, for example. Every part must have the schema's
 * columns with their types; other columns are left out. Streams stored parts, so their size does not matter.
 */
export async function ingestTable(
  deps: {
    readonly columns: Columns;
    readonly blobs: Blobs;
    readonly datasets: DatasetStore;
    readonly clock: Clock;
  },
  input: IngestTableInput,
): Promise<{ version: DatasetVersion; created: boolean }> {
  const { dataset, parts, schema, parents, sources = [] } = input;
  const { columns, blobs } = deps;
  const specs = schema.columns.map(({ name, type }) => ({ name, type }));
  const facts = factCounter(schema.columns);
  const writer = await columns.writer(specs);
  try {
    for (const part of parts) {
      const tables =
        typeof part === "string"
          ? columns.scan(await blobs.localPath(part), { columns: specs.map((c) => c.name) })
          : [part];
      for await (const table of tables) {
        await writer.append(table);
        facts.add(table);
      }
    }
  } catch (error) {
    await writer.abort();
    throw error;
  }
  const counted = facts.finish();
  if (counted.rows === 0) {
    await writer.abort();
    throw new MillwrightError("invalid_data", `dataset '${dataset}': there are no rows to keep`);
  }
  const file = await writer.finish();
  const names = specs.map((c) => c.name);
  return keepVersion(deps, {
    dataset,
    file,
    schema,
    anomalies: validate({ schema, facts: counted, names, before: undefined }),
    quarantined: undefined,
    lineage: { sources, parents },
  });
}
