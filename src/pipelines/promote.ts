import { MillwrightError } from "../errors.ts";
import { crashPoint } from "../lib/crash-point.ts";
import type { Digest } from "../lib/digest.ts";
import type { Change } from "./change.ts";
import type { Platform } from "./platform.ts";
import { rowFieldsOf } from "./row-fields.ts";

/** Makes a version the champion: alias, route and event in one transaction, with the verdict that allowed it. */
export async function promote(
  deps: Pick<Platform, "transact" | "registry" | "project" | "datasets">,
  input: Change & {
    readonly version: Digest /** Keep the former champion running beside the new one, so that a bad promotion is noticed. */;
    readonly guard: boolean;
  },
): Promise<{ readonly previous: Digest | undefined }> {
  const { model, version, at, reason, runId } = input;
  const next = await deps.registry.get(version);
  if (!next || next.model !== model)
    throw new MillwrightError("not_found", `Model "${model}" has no version ${version}.`);
  const { definition } = await deps.project();
  const { dataset = model } = definition.models[model] ?? {};
  const { schema } = await deps.datasets.find(dataset, next.dataset);
  const fields = rowFieldsOf(definition, model, schema);
  const moved = await deps.transact(async ({ registry, serving, announce }) => {
    const previous = await registry.alias(model, "champion");
    if (previous === version) return { previous };
    const former = previous && (await registry.get(previous));
    await registry.move({ ...input, alias: "champion", version, previous });
    crashPoint("promote:moved");
    if ((await registry.alias(model, "challenger")) !== undefined)
      await registry.move({
        ...{ model, alias: "challenger", version: undefined, previous: version, at, runId },
        ...{ reason: "it is the champion now", verdict: undefined },
      });
    await serving.setRoute({
      model,
      champion: next,
      shadow: input.guard ? former : undefined,
      fields,
      reason,
    });
    await announce("model.promoted", model, { version, previous: previous ?? null, reason }, at);
    return { previous };
  });
  crashPoint("promote:committed");
  return moved;
}
