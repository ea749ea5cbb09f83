import { MillwrightError } from "../../errors.ts";
import { mlflowError } from "../../tracking/mlflow/errors.ts";
import { checkModelName } from "./names.ts";
import type { RegisteredModel } from "./registered-model.ts";
import type { RegisteredDeps } from "./store.ts";
import { modelNotFound } from "./wire.ts";

/** Versions, tags and aliases come along. Refused for a model that ours is: its name is in ids, routes and logs. */
export async function renameModel(
  deps: RegisteredDeps,
  { model, newName }: { readonly model: string; readonly newName: string },
): Promise<RegisteredModel> {
  checkModelName(newName, "new_name");
  return deps.transact(async ({ registered, lock, usedBy }) => {
    await lock(model);
    if ((await registered.tagsOf(model)) === undefined) throw modelNotFound(model);
    const use =
      (await usedBy(model)) ??
      ((await registered.hasOwnVersions(model))
        ? "some of its versions were trained or imported here, and their ids are made of its name. Register what you need under the new name."
        : undefined);
    if (use !== undefined)
      throw mlflowError("INVALID_STATE", `The registered model ${model} was not renamed: ${use}`);
    try {
      await registered.renameModel(model, newName, deps.clock.now());
    } catch (error) {
      if (error instanceof MillwrightError && error.code === "conflict")
        throw mlflowError(
          "RESOURCE_ALREADY_EXISTS",
          `Registered Model (name=${newName}) already exists.`,
        );
      throw error;
    }
    return (await registered.model(newName))!;
  });
}
