import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MillwrightError } from "./errors.ts";
import type { HttpRoute } from "./http/http.ts";
import type { Clock } from "./lib/clock.ts";
import { folderArtifacts } from "./storage/artifacts/folder.ts";
import { indexedArtifacts } from "./storage/artifacts/indexed.ts";
import { type Uploads, uploadsTo } from "./storage/artifacts/uploads.ts";
import type { Blobs } from "./storage/blobs/blobs.ts";
import type { Sql } from "./storage/sql/sql.ts";
import type { ArtifactFolder, LocateDeps } from "./tracking/artifacts/locate-artifacts.ts";
import { proxyRoutes } from "./tracking/artifacts/proxy/routes.ts";
import { artifactRoutes } from "./tracking/artifacts/routes.ts";
import { artifactUris } from "./tracking/artifacts/store.ts";
import { uploadRoutes } from "./tracking/artifacts/uploads/routes.ts";
import { doesNotExist } from "./tracking/mlflow/errors.ts";

export interface ArtifactParts {
  readonly sql: Sql;
  readonly blobs: Blobs;
  readonly clock: Clock;
}

export interface ArtifactOptions {
  /** As in TrackingOptions. */
  readonly artifactRoot?: string | undefined;
  readonly artifactsDestination?: string | undefined;
  readonly scratch: string;
}

export interface TrackingArtifacts {
  readonly routes: readonly HttpRoute[];
  /** What finds the artifacts of a URI. */
  readonly located: LocateDeps;
  readonly uploads: Uploads;
  /** Only artifacts: nobody else refers to these, and what others delete as theirs is none of them. */
  readonly blobs: Blobs;
}

/** Where artifacts are kept and found, and what is answered about them. */
export function trackingArtifacts(
  { sql, blobs, clock }: ArtifactParts,
  { artifactRoot = "mlflow-artifacts:/", artifactsDestination, scratch }: ArtifactOptions,
): TrackingArtifacts {
  const own = blobs.beside("artifacts");
  const destination = folderOf("artifactsDestination", artifactsDestination);
  const paths = [isUrl(artifactRoot) ? [] : (folderOf("artifactRoot", artifactRoot) ?? [])].flat();
  const folders: ArtifactFolder[] = [...paths, destination ?? []].flat().map((path) => ({
    ...{ path, artifacts: folderArtifacts(path) },
  }));
  const proxied = destination
    ? folderArtifacts(destination)
    : indexedArtifacts({ sql, blobs: own });
  const uploads = uploadsTo(proxied, join(scratch, "uploads"));
  const located: LocateDeps = {
    ...artifactUris(sql),
    ...{ proxied, folders },
    async sourceOf(name, version) {
      throw doesNotExist(`Model Version (name=${name}, version=${version}) not found`);
    },
  };
  return {
    ...{ located, uploads, blobs: own },
    routes: [
      ...proxyRoutes({ artifacts: proxied }),
      ...uploadRoutes({ uploads, clock }),
      ...artifactRoutes(located),
    ],
  };
}

/** Of any scheme but `file:`. One letter is a drive of Windows. */
const isUrl = (text: string): boolean => /^(?!file:)[a-z][a-z0-9+.-]+:/i.test(text);

/** A path or a `file:` URI. */
function folderOf(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  try {
    if (isUrl(value)) throw new Error("not a file");
    if (/^file:/i.test(value)) return fileURLToPath(value);
    return isAbsolute(value) ? value : resolve(value);
  } catch (cause) {
    throw new MillwrightError(
      "invalid_config",
      `${name}: '${value}' is no folder. Give a path, or file:///and/a/path.`,
      { cause },
    );
  }
}
