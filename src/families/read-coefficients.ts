import type { Digest } from "../lib/digest.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Coefficients } from "../training/linear/pooled.ts";
import { MODELS } from "./family.ts";

/** Linear models of members, by name. */
export async function readCoefficients(
  blobs: Pick<Blobs, "get">,
  { blob, names }: { readonly blob: Digest; readonly names: readonly string[] },
): Promise<ReadonlyMap<string, readonly Coefficients[]>> {
  const bytes = (await blobs.get(blob)).slice();
  const all = new Float64Array(bytes.buffer, 0, bytes.length / 8);
  const size = names.length === 0 ? 0 : all.length / (names.length * MODELS);
  return new Map(
    names.map((name, i) => [
      name,
      Array.from({ length: MODELS }, (_, m) =>
        all.subarray((i * MODELS + m) * size, (i * MODELS + m + 1) * size),
      ),
    ]),
  );
}
