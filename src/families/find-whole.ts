import type { Digest } from "../lib/digest.ts";
import type { FamilyVersion } from "./members.ts";
import type { FamilyStore } from "./store.ts";

/** The training of all members under which one of some was made: columns, split and parents are the same. */
export async function findWhole(
  store: Pick<FamilyStore, "version">,
  id: Digest,
): Promise<FamilyVersion> {
  let found = (await store.version(id))!;
  while (found.parent !== undefined) found = (await store.version(found.parent))!;
  return found;
}
