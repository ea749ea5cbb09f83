import { MillwrightError } from "../errors.ts";
import { type FamilyView, familyView } from "./family-view.ts";
import type { FamilyStore } from "./store.ts";

/** A family as it is shown. @throws not_found when it has not been trained. */
export async function findFamily(store: FamilyStore, model: string): Promise<FamilyView> {
  const versions = await store.versions(model);
  if (versions.length === 0)
    throw new MillwrightError(
      "not_found",
      `${model} has no trained members. Give its definition family: family({ by: "<column>" }), then: millwright train ${model}`,
    );
  const [figures, candidates] = [await store.figures(model), await store.candidates(model)];
  return familyView(versions, figures, candidates);
}
