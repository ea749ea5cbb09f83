import { mlflowError } from "../../tracking/mlflow/errors.ts";
import { checkAlias } from "./names.ts";
import { isPrompt } from "./registered-model.ts";
import type { RegisteredDeps } from "./store.ts";
import { modelNotFound } from "./wire.ts";

/** A client takes an alias away; one that is not there is gone already. Where our own registry has moved it, it is not the client's. */
export async function deleteAlias(
  deps: RegisteredDeps,
  { model, alias }: { readonly model: string; readonly alias: string },
): Promise<void> {
  checkAlias(alias);
  await deps.transact(async ({ registered, webhooks, lock }) => {
    const tags = await registered.tagsOf(model);
    if (tags === undefined) throw modelNotFound(model);
    await lock(model);
    const before = await registered.alias(model, alias);
    if (before?.own)
      throw mlflowError(
        "INVALID_STATE",
        `The alias ${alias} of ${model} says that version ${before.number} is served. Promote another version, or go back with: millwright rollback ${model}`,
      );
    if (!(await registered.deleteAlias(model, alias))) return;
    const entity = isPrompt(tags) ? "PROMPT" : "MODEL_VERSION";
    await webhooks.tell(`${entity}_ALIAS.DELETED`, { name: model, alias }, deps.clock.now());
  });
}
