import { MillwrightError } from "../errors.ts";

/** The 64 hex digits that name a blob. Only a well-formed digest names one, so no name can lead out of a store. */
export function blobName(digest: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new MillwrightError(
      "invalid_input",
      `'${digest.slice(0, 100)}' is no blob digest: expected sha256: and 64 hex digits.`,
    );
  return digest.slice(7);
}

/** The name of a store beside another; not one that stores have for themselves. */
export function storeName(name: string): string {
  if (!/^[a-z]{3,40}$/.test(name) || name === "tmp" || name === "blobs")
    throw new MillwrightError("internal", `'${name}' is no name for a store.`);
  return name;
}
