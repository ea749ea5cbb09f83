import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MillwrightError } from "./errors.ts";
import type { HttpRoute } from "./http/http.ts";
import type { Clock } from "./lib/clock.ts";
import type { Log } from "./lib/log.ts";
import type { Artifacts } from "./storage/artifacts/artifacts.ts";
import { folderArtifacts } from "./storage/artifacts/folder.ts";
import { indexedArtifacts } from "./storage/artifacts/indexed.ts";
import { uploadsTo } from "./storage/artifacts/uploads.ts";
import type { Blobs } from "./storage/blobs/blobs.ts";
import type { Sql } from "./storage/sql/sql.ts";
import type { ArtifactFolder, LocateDeps } from "./tracking/artifacts/locate-artifacts.ts";
import { proxyRoutes } from "./tracking/artifacts/proxy/routes.ts";
import { artifactRoutes } from "./tracking/artifacts/routes.ts";
import { artifactUris } from "./tracking/artifacts/store.ts";
import { uploadRoutes } from "./tracking/artifacts/uploads/routes.ts";
import { doesNotExist } from "./tracking/mlflow/errors.ts";

/** What the tracking API stands on: used by control, and alone by the conformance suite. */
export interface TrackingParts {
  readonly sql: Sql;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1), cryptographic: for ids. */
  chance(): number;
}

export interface TrackingOptions {
  /** Where new experiments keep their artifacts: `mlflow-artifacts:/` (this server's proxy, the default), or a URI clients reach themselves. */
  readonly artifactRoot?: string | undefined;
  /** A folder for proxied artifacts instead of the blob store. */
  readonly artifactsDestination?: string | undefined;
  /** A scratch folder for uploads under way. */
  readonly scratch: string;
}

/** The version that `/version` says: of the MLflow whose protocol this is. Its clients send spans here from 3.4 on. */
const PROTOCOL_VERSION = "3.11.1";

/** Everything MLflow's clients call. */
export async function trackingApi(
  parts: TrackingParts,
  options: TrackingOptions,
): Promise<HttpRoute[]> {
  const artifacts = artifactsOf(parts, options);
  const { proxied } = artifacts;
  const uploads = uploadsTo(proxied, join(options.scratch, "uploads"));
  return [
    plainText("/health", "OK"),
    plainText("/version", PROTOCOL_VERSION),
    ...proxyRoutes({ artifacts: proxied }),
    ...uploadRoutes({ uploads, clock: parts.clock }),
    ...artifactRoutes(artifacts),
  ];
}

/** Beside the platform's own blobs: nobody else refers to these, and what others delete as theirs is not an artifact. */
const ARTIFACT_BLOBS = "artifacts";

/** Where artifacts are, by the URIs of what they belong to. */
export function artifactsOf(
  { sql, blobs }: Pick<TrackingParts, "sql" | "blobs">,
  { artifactRoot, artifactsDestination }: Omit<TrackingOptions, "scratch">,
): LocateDeps {
  const destination = folderOption("artifactsDestination", artifactsDestination);
  const root = /^(?!file:)[a-z][a-z0-9+.-]+:/i.test(artifactRoot ?? "")
    ? undefined
    : folderOption("artifactRoot", artifactRoot);
  const folders: ArtifactFolder[] = [root, destination].flatMap((path) =>
    path === undefined ? [] : { path, artifacts: folderArtifacts(path) },
  );
  const proxied: Artifacts =
    destination === undefined
      ? indexedArtifacts({ sql, blobs: blobs.beside(ARTIFACT_BLOBS) })
      : folderArtifacts(destination);
  return {
    ...artifactUris(sql),
    ...{ proxied, folders },
    async sourceOf(name, version) {
      throw doesNotExist(`Model Version (name=${name}, version=${version}) not found`);
    },
  };
}

/** A path or a `file:` URI. */
function folderOption(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (!/^[a-z][a-z0-9+.-]+:/i.test(value)) return isAbsolute(value) ? value : resolve(value);
  try {
    return fileURLToPath(value);
  } catch (cause) {
    throw new MillwrightError(
      "invalid_config",
      `${name}: '${value}' is no folder. Give a path, or file:///and/a/path.`,
      { cause },
    );
  }
}

const plainText = (path: string, body: string): HttpRoute => ({
  ...{ method: "GET", path, access: "open" },
  about: () => ({ summary: `MLflow: ${body}.`, answer: { "text/plain": { type: "string" } } }),
  handle: () => ({ body, type: "text/plain; charset=utf-8" }),
});
