import type { FamilyFiles } from "../families/family.ts";
import { findWhole } from "../families/find-whole.ts";
import type { FamilyVersion } from "../families/members.ts";
import type { Digest } from "../lib/digest.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import type { PinnedFamily, PinnedMember } from "../scoring/pinned-family.ts";
import { getJson, putJson } from "../storage/json-blob.ts";
import type { Platform } from "./platform.ts";

/**
 * The members of a model's family as they are served now; what becomes of them later does not change what a batch says. undefined:
 * no member has a model.
 */
export async function pinFamily(
  deps: Pick<Platform, "blobs" | "families" | "serving">,
  { model, signature }: Pick<ModelVersion, "model" | "signature">,
): Promise<PinnedFamily | undefined> {
  const levels = (await deps.serving.route(model))?.fields.levels;
  if (levels === undefined || !(signature.task === "binary" || signature.task === "regression"))
    return undefined;
  const standing = await deps.families.members(model, { stands: true });
  const routes = await deps.serving.routesOf(standing.map(({ name }) => name));
  const members = routes.flatMap(({ model, champion }): PinnedMember[] =>
    champion === undefined ? [] : [{ model, champion }],
  );
  const [newest] = await deps.families.versions(model, 1);
  if (members.length === 0 || newest === undefined) return undefined;
  members.sort((a, b) => (a.model < b.model ? -1 : 1));
  const trainings = [...new Set(standing.map(({ training }) => training))].sort();
  return {
    ...{ number: newest.number, levels },
    members: await putJson(deps.blobs, members),
    columns: await columnsOf(deps, trainings, levels),
  };
}

/** What the members of these trainings read, and what names them. */
async function columnsOf(
  deps: Pick<Platform, "blobs" | "families">,
  trainings: readonly Digest[],
  levels: PinnedFamily["levels"],
): Promise<PinnedFamily["columns"]> {
  const whole = new Map<Digest, FamilyVersion>();
  for (const training of trainings) {
    const found = await findWhole(deps.families, training);
    whole.set(found.id, found);
  }
  const columns = new Map<string, PinnedFamily["columns"][number]>();
  for (const { files } of whole.values()) {
    const { spec } = await getJson<FamilyFiles>(deps.blobs, files);
    for (const { name, role } of spec.columns) columns.set(name, { name, role });
  }
  for (const name of levels.flat()) if (!columns.has(name)) columns.set(name, { name });
  return [...columns.values()];
}
