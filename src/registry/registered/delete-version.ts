import { mlflowError } from "../../tracking/mlflow/errors.ts";
import type { RegisteredDeps } from "./store.ts";
import { versionNotFound } from "./wire.ts";

/** Refused while the version is served or stands by. What it answered, and every report that names it, stays. */
export async function deleteVersion(
  deps: RegisteredDeps,
  { model, number }: { readonly model: string; readonly number: number },
): Promise<void> {
  await deps.transact(async (parts) => {
    const { registered, lock, usedBy } = parts;
    await lock(model);
    const version = await registered.version(model, number);
    if (!version) throw versionNotFound(model, number);
    const use = version.version === undefined ? undefined : await usedBy(model, version);
    if (use !== undefined)
      throw mlflowError("INVALID_STATE", `Version ${number} of ${model} was not deleted: ${use}`);
    await registered.deleteVersion(model, number, deps.clock.now());
  });
}
