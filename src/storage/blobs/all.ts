import { resolve } from "node:path";
import { MillwrightError } from "../../errors.ts";
import type { Blobs } from "./blobs.ts";
import { fileBlobs } from "./files.ts";

/** URL scheme → driver. `rest` is what follows `scheme:`; `base` is the project's folder, for relative paths. */
const DRIVERS: Readonly<Record<string, (rest: string, base: string) => Blobs>> = {
  file: (rest, base) =>
    fileBlobs(rest.startsWith("//") ? new URL(`file:${rest}`).pathname : resolve(base, rest)),
};

/** `file:./blobs` (relative to `base`), `file:/var/blobs`, `file:///var/blobs`. */
export function openBlobs(url: string, base: string): Blobs {
  const colon = url.indexOf(":");
  const driver = DRIVERS[url.slice(0, Math.max(colon, 0))];
  if (!driver)
    throw new MillwrightError(
      "invalid_config",
      `Blobs cannot be kept at '${url}': known are ${Object.keys(DRIVERS)
        .map((scheme) => `${scheme}:…`)
        .join(", ")} (for example file:./blobs).`,
    );
  return driver(url.slice(colon + 1), base);
}
