import { mlflowError } from "../../tracking/mlflow/errors.ts";
import type { RegisteredDeps } from "./store.ts";
import { modelNotFound } from "./wire.ts";

/** With its versions, tags and aliases. Refused while the project or a route uses it. */
export async function deleteModel(deps: RegisteredDeps, model: string): Promise<void> {
  await deps.transact(async ({ registered, lock, usedBy }) => {
    await lock(model);
    if ((await registered.tagsOf(model)) === undefined) throw modelNotFound(model);
    const use = await usedBy(model);
    if (use !== undefined)
      throw mlflowError("INVALID_STATE", `The registered model ${model} was not deleted: ${use}`);
    await registered.deleteModel(model);
  });
}
