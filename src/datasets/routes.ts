import { datasets } from "../../sdk/src/contract/datasets.ts";
import { MillwrightError } from "../errors.ts";
import type { HttpRoute } from "../http/http.ts";
import { mount } from "../http/mount.ts";
import type { DatasetVersion } from "./dataset-version.ts";
import { datasetDetail, datasetVersionRef } from "./dataset-view.ts";

export interface DatasetRoutesDeps {
  /** Datasets of the project, also those without a version yet. */
  names(): Promise<readonly string[]>;
  /** Newest first. */
  versions(dataset: string): Promise<readonly DatasetVersion[]>;
}

/** Throws `not_found` for an unknown dataset, one never ingested, or an unknown version. */
export const datasetRoutes = (deps: DatasetRoutesDeps): HttpRoute[] =>
  mount(datasets, {
    async datasets() {
      const names = await deps.names();
      const versions = await Promise.all(names.map((name) => deps.versions(name)));
      return {
        datasets: names.map((name, i) => ({
          name,
          versions: versions[i]!.length,
          latest: versions[i]![0] ? datasetVersionRef(versions[i]![0]) : null,
        })),
      };
    },
    async dataset({ dataset, version: wanted }) {
      const versions = await deps.versions(dataset);
      const version =
        wanted === undefined
          ? versions[0]
          : versions.find((v) => v.id.startsWith(wanted) || v.id.startsWith(`sha256:${wanted}`));
      if (version) return datasetDetail(version, versions);
      throw new MillwrightError(
        "not_found",
        versions.length > 0
          ? `Dataset ${dataset} has no version ${wanted}; the newest is ${versions[0]!.id.slice(0, 19)}.`
          : `Dataset ${dataset} has no version yet. \`millwright train\` reads its source and makes the first.`,
      );
    },
  });
