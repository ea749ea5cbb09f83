import type { DatasetDetail, DatasetVersionRef } from "../../sdk/src/contract/datasets.ts";
import type { DatasetVersion } from "./dataset-version.ts";
import type { ColumnSchema } from "./schema.ts";

/** Known values shown of a category; the rest is counted. */
const SHOWN_VALUES = 12;

export const datasetVersionRef = (version: DatasetVersion): DatasetVersionRef => ({
  id: version.id,
  rows: version.rows,
  columns: version.schema.columns.length,
  suspicious: version.anomalies.filter((a) => a.severity === "suspicious").length,
  broken: version.anomalies.filter((a) => a.severity === "broken").length,
  quarantined: version.quarantine?.rows ?? 0,
  createdAt: version.createdAt,
});

const columnView = (column: ColumnSchema): DatasetDetail["columns"][number] => ({
  name: column.name,
  type: column.type,
  role: column.role,
  reason: column.reason,
  missing: column.missing,
  range: column.range ?? null,
  domain: column.domain
    ? {
        values: column.domain.values.slice(0, SHOWN_VALUES),
        known: column.domain.values.length,
      }
    : null,
});

/** @param versions of this dataset, newest first; `version` is one of them. Broken anomalies come first. */
export const datasetDetail = (
  version: DatasetVersion,
  versions: readonly DatasetVersion[],
): DatasetDetail => ({
  name: version.dataset,
  versions: versions.map(datasetVersionRef),
  version: datasetVersionRef(version),
  columns: version.schema.columns.map(columnView),
  anomalies: [...version.anomalies]
    .sort((a, b) =>
      a.severity === b.severity ? b.rows - a.rows : a.severity === "broken" ? -1 : 1,
    )
    .map((a) => ({ ...a, column: a.column ?? null, examples: [...a.examples] })),
  sources: version.lineage.sources.map(({ uri, digest }) => ({ uri, digest })),
});
