import type { Digest } from "../lib/digest.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Coefficients } from "../training/linear/pooled.ts";
import { type LinearModels, PARTS } from "./family.ts";

/** One a part and one for all rows. */
const MODELS = PARTS + 1;

/** Keeps the linear models of members: those below are drawn to them. */
export async function keepCoefficients(
  blobs: Pick<Blobs, "put">,
  members: readonly { readonly name: string; readonly linear: readonly Coefficients[] }[],
): Promise<LinearModels> {
  const size = members[0]?.linear[0]?.length ?? 0;
  const all = new Float64Array(members.length * MODELS * size);
  members.forEach(({ linear }, i) => {
    linear.forEach((coefficients, m) => {
      all.set(coefficients, (i * MODELS + m) * size);
    });
  });
  const blob = await blobs.put(new Uint8Array(all.buffer));
  return { blob, names: members.map(({ name }) => name) };
}

/** By name. */
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
