import { mlflowError } from "../../tracking/mlflow/errors.ts";
import type { Alias } from "../model-version.ts";
import { checkFreeAlias } from "./names.ts";
import { isPrompt } from "./registered-model.ts";
import type { RegisteredDeps } from "./store.ts";
import { versionNotFound } from "./wire.ts";

const OWN: ReadonlySet<string> = new Set<Alias>(["champion", "challenger"]);

/**
 * A client lets an alias point to a version. `champion` of a version that can be served (its adoption is waited for) is a
 * promotion, and goes through the gates; every other alias is a name. Where our own registry has moved an alias, only it moves it further.
 */
export async function setAlias(
  deps: RegisteredDeps,
  input: { readonly model: string; readonly alias: string; readonly number: number },
): Promise<void> {
  const { model, alias, number } = input;
  checkFreeAlias(alias);
  const version = await deps.registered.version(model, number);
  if (!version) throw versionNotFound(model, number);
  if (alias === "champion" && deps.promoteByAlias && !isPrompt(version.tags)) {
    const done = await deps.promoteByAlias(model, number);
    if (done === "promoted") return;
  }
  await deps.transact(async (parts) => {
    const { registered, webhooks } = parts;
    if (OWN.has(alias)) await parts.lock(model);
    const before = OWN.has(alias) ? await registered.alias(model, alias) : undefined;
    if (before?.own && before.number === number) return;
    if (before?.own) throw ownStands(input, before.number);
    if (!(await registered.setAlias(model, alias, number))) throw versionNotFound(model, number);
    const entity = isPrompt((await registered.tagsOf(model)) ?? []) ? "PROMPT" : "MODEL_VERSION";
    const data = { name: model, alias, version: String(number) };
    await webhooks.tell(`${entity}_ALIAS.CREATED`, data, deps.clock.now());
  });
}

function ownStands(
  { model, alias, number }: { model: string; alias: string; number: number },
  standing: number,
): Error {
  const why =
    alias === "champion"
      ? `version ${standing} of ${model} is champion: it answers predictions. Version ${number} cannot be served (no ONNX model of it is known), so that it cannot take its place.`
      : `version ${standing} of ${model} is challenger: it is being compared with the champion. When that is over the alias is free; or promote version ${number}, which ends it.`;
  return mlflowError("INVALID_STATE", `The alias was not moved: ${why} Another alias can be set.`);
}
