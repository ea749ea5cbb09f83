import type { Blobs } from "../storage/blobs/blobs.ts";
import type { Coefficients } from "../training/linear/pooled.ts";
import { type LinearModels, MODELS } from "./family.ts";

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
