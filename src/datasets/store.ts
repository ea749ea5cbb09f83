import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { DatasetVersion } from "./dataset-version.ts";

export interface DatasetStore {
  /**
   * Keeps the version; one that is already kept is returned as it stands. `key` names what was read, so that `ingested` finds it.
   * Versions are never changed or removed.
   */
  add(version: DatasetVersion, key: Digest): Promise<{ version: DatasetVersion; created: boolean }>;
  /** The version that reading this source with these settings made. */
  ingested(dataset: string, key: Digest): Promise<DatasetVersion | undefined>;
  /** Throws `not_found`. @param name a digest, at least eight characters of its hex digits, or "latest". */
  find(dataset: string, name: string): Promise<DatasetVersion>;
  latest(dataset: string): Promise<DatasetVersion | undefined>;
  /** The newest version that was read from a source (not put together from others), with this column as its target if one is given. */
  lastRead(dataset: string, target: string | undefined): Promise<DatasetVersion | undefined>;
  /** Newest first. */
  versions(dataset: string): Promise<DatasetVersion[]>;
  datasets(): Promise<string[]>;
}

interface Row {
  readonly body: DatasetVersion;
}

const BODY = "select v.body from millwright.dataset_version v";

export function datasetStore(sql: Sql): DatasetStore {
  const first = async (text: string, parameters: readonly unknown[]) =>
    (await sql.query<Row>(text, parameters))[0]?.body;
  const store: DatasetStore = {
    add: (version, key) =>
      sql.transact(async (tx) => {
        await tx.query("select pg_advisory_xact_lock(hashtext('dataset_version:' || $1))", [
          version.dataset,
        ]);
        const added = await tx.query(
          `insert into millwright.dataset_version (dataset, id, number, body, created_at)
           select $1, $2, coalesce(max(number), 0) + 1, $3, to_timestamp($4 / 1000.0)
           from millwright.dataset_version where dataset = $1
           on conflict (dataset, id) do nothing returning id`,
          [version.dataset, version.id, JSON.stringify(version), version.createdAt],
        );
        await tx.query(
          `insert into millwright.dataset_ingest (dataset, key, version, at)
           values ($1, $2, $3, to_timestamp($4 / 1000.0)) on conflict (dataset, key) do nothing`,
          [version.dataset, key, version.id, version.createdAt],
        );
        const kept = await tx.query<Row>(`${BODY} where v.dataset = $1 and v.id = $2`, [
          version.dataset,
          version.id,
        ]);
        return { version: kept[0]!.body, created: added.length > 0 };
      }),
    ingested: (dataset, key) =>
      first(
        `${BODY} join millwright.dataset_ingest i on i.dataset = v.dataset and i.version = v.id where i.dataset = $1 and i.key = $2`,
        [dataset, key],
      ),
    async find(dataset, name) {
      const found =
        name === "latest"
          ? await store.latest(dataset)
          : /^(sha256:)?[0-9a-f]{8,64}$/.test(name)
            ? await first(`${BODY} where v.dataset = $1 and v.id like $2`, [
                dataset,
                `sha256:${name.replace("sha256:", "")}%`,
              ])
            : undefined;
      if (found) return found;
      const known = (await store.datasets()).map((d) => `'${d}'`).join(", ") || "none yet";
      throw new MillwrightError(
        "not_found",
        `dataset '${dataset}' has no version '${name}' (datasets: ${known})`,
      );
    },
    latest: (dataset) =>
      first(`${BODY} where v.dataset = $1 order by v.number desc limit 1`, [dataset]),
    lastRead: (dataset, target) =>
      first(
        `${BODY} where v.dataset = $1 and v.body -> 'lineage' -> 'parents' = '[]'
         and ($2::jsonb is null or v.body -> 'schema' -> 'columns' @> $2::jsonb) order by v.number desc limit 1`,
        [dataset, target === undefined ? null : JSON.stringify([{ name: target, role: "target" }])],
      ),
    async versions(dataset) {
      const rows = await sql.query<Row>(`${BODY} where v.dataset = $1 order by v.number desc`, [
        dataset,
      ]);
      return rows.map((row) => row.body);
    },
    async datasets() {
      const rows = await sql.query<{ dataset: string }>(
        "select distinct dataset from millwright.dataset_version order by dataset",
      );
      return rows.map((row) => row.dataset);
    },
  };
  return store;
}
