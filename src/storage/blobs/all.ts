import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MillwrightError } from "../../errors.ts";
import type { Blobs } from "./blobs.ts";
import { fileBlobs } from "./files.ts";
import { s3Blobs } from "./s3.ts";

export interface BlobHost {
  /** The project's folder, for relative paths. */
  readonly base: string;
  /** Where a store that is elsewhere keeps copies. */
  readonly cache: string;
}

/** URL scheme → driver. */
const DRIVERS: Readonly<Record<string, (url: string, host: BlobHost) => Blobs>> = {
  file: (url, { base }) =>
    fileBlobs(url.startsWith("file://") ? pathOf(url) : resolve(base, url.slice("file:".length))),
  s3: (url, { cache }) => s3Blobs(url, cache),
};

/** `file:./blobs` (relative to `base`), `file:/var/blobs`, `file:///var/blobs`, `s3://bucket/prefix` (see `../s3/s3-url.ts`). */
export function openBlobs(url: string, host: BlobHost): Blobs {
  const driver = DRIVERS[url.slice(0, Math.max(url.indexOf(":"), 0))];
  if (!driver)
    throw new MillwrightError(
      "invalid_config",
      `Blobs cannot be kept at '${withoutSecrets(url)}': known are ${Object.keys(DRIVERS)
        .map((scheme) => `${scheme}:…`)
        .join(", ")} (for example file:./blobs or s3://bucket/prefix).`,
    );
  return driver(url, host);
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new MillwrightError(
      "invalid_config",
      `Blobs cannot be kept at '${withoutSecrets(url)}': file:// is followed by an absolute path, as in file:///var/blobs.`,
      { cause },
    );
  }
}

/** Somebody may have written credentials into it, before the host or behind the question mark. */
const withoutSecrets = (url: string): string =>
  url.replace(/\?.*$/s, "").replace(/\/\/.*@/s, "//…@");
