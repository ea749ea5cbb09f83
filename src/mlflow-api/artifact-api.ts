import { open, stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MillwrightError } from "../errors.ts";
import type { HttpRoute } from "../http/http.ts";
import type { Clock } from "../lib/clock.ts";
import type { Digest } from "../lib/digest.ts";
import { versionNumber } from "../registry/registered/names.ts";
import { OWN_FOLDER } from "../registry/registered/registered-model.ts";
import { registeredSearchStore } from "../registry/registered/search/store.ts";
import { registeredStore } from "../registry/registered/store.ts";
import { versionFiles } from "../registry/registered/version-files.ts";
import { registryStore } from "../registry/store.ts";
import { folderArtifacts } from "../storage/artifacts/folder.ts";
import { indexedArtifacts } from "../storage/artifacts/indexed.ts";
import { openHandle } from "../storage/artifacts/open-handle.ts";
import { type MadeFile, overlaidArtifacts } from "../storage/artifacts/overlaid.ts";
import { uploadsTo } from "../storage/artifacts/part-files.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Sql } from "../storage/sql/sql.ts";
import type { LocateDeps } from "../tracking/artifacts/locate-artifacts.ts";
import { proxyRoutes } from "../tracking/artifacts/proxy/routes.ts";
import { artifactRoutes } from "../tracking/artifacts/routes.ts";
import { artifactUris } from "../tracking/artifacts/store.ts";
import { uploadRoutes } from "../tracking/artifacts/uploads/routes.ts";
import { ARTIFACT_ROOT } from "../tracking/experiments/artifact-location.ts";
import { collectGarbage, type GarbageInput } from "../tracking/garbage/collect-garbage.ts";
import type { Collected } from "../tracking/garbage/owner.ts";
import { garbageStore } from "../tracking/garbage/store.ts";
import { doesNotExist } from "../tracking/mlflow/errors.ts";

export interface ArtifactParts {
  readonly sql: Sql;
  readonly blobs: Blobs;
  readonly clock: Clock;
}

export interface ArtifactOptions {
  /** Where new experiments keep their artifacts: `mlflow-artifacts:/` (this server's proxy, the default), or a URI clients reach themselves. */
  readonly artifactRoot?: string | undefined;
  /** A folder for proxied artifacts instead of the blob store. */
  readonly artifactsDestination?: string | undefined;
  /** A scratch folder for uploads under way. */
  readonly scratch: string;
}

export interface TrackingArtifacts {
  readonly routes: readonly HttpRoute[];
  /** What finds the artifacts of a URI. */
  readonly located: LocateDeps;
  collectGarbage(input: GarbageInput): Promise<Collected>;
}

/** Where artifacts are kept and found, and what is answered about them. */
export function trackingArtifacts(
  { sql, blobs, clock }: ArtifactParts,
  { artifactRoot = ARTIFACT_ROOT, artifactsDestination, scratch }: ArtifactOptions,
): TrackingArtifacts {
  // Nobody else refers to these, and what others delete as theirs is none of them.
  const own = blobs.beside("artifacts");
  const destination = folderOf("artifactsDestination", artifactsDestination);
  const root = isUrl(artifactRoot) ? undefined : folderOf("artifactRoot", artifactRoot);
  const folders = [root ?? [], destination ?? []]
    .flat()
    .map((path) => ({ path, artifacts: folderArtifacts(path) }));
  const written = destination
    ? folderArtifacts(destination)
    : indexedArtifacts({ sql, blobs: own });
  const versions = { registered: registeredStore(sql), registry: registryStore(sql) };
  const proxied = overlaidArtifacts(written, OWN_FOLDER, (folder) =>
    versionFiles({ ...versions, file: (digest) => fileOf(blobs, digest) }, folder),
  );
  const uploads = uploadsTo(proxied, join(scratch, "uploads"));
  const located: LocateDeps = {
    ...artifactUris(sql),
    ...{ proxied, folders },
    async sourceOf(name, version) {
      const found = await versions.registered.version(name, versionNumber(version));
      if (found) return found.location;
      throw doesNotExist(`Model Version (name=${name}, version=${version}) not found`);
    },
  };
  const { versionFrom } = registeredSearchStore(sql);
  const stores = [blobs, own, ...folders.map(({ artifacts }) => artifacts)];
  const deps = { garbage: garbageStore(sql), located, uploads, blobs: own, stores, versionFrom };
  return {
    ...{ located, collectGarbage: (input) => collectGarbage(deps, input) },
    routes: [
      ...proxyRoutes({ artifacts: proxied }),
      ...uploadRoutes({ uploads, clock }),
      ...artifactRoutes(located),
    ],
  };
}

async function fileOf(blobs: Blobs, digest: Digest): Promise<Omit<MadeFile, "name">> {
  const path = await blobs.localPath(digest);
  const { size: bytes } = await stat(path);
  return { bytes, open: async () => openHandle(await open(path, "r"), bytes) };
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
