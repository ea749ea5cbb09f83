import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import type { Change } from "./change.ts";
import type { Platform } from "./platform.ts";

/** Puts a version beside the champion: it sees the same rows, answers nobody, and is judged when labels arrive. */
export async function startShadow(
  deps: Pick<Platform, "transact">,
  input: Change & { readonly version: Digest },
): Promise<void> {
  await deps.transact(async ({ registry, serving, announce }) => {
    const { model, version, at } = input;
    await registry.lock(model);
    const next = await registry.get(version);
    const route = await serving.route(model);
    if (!next || !route?.champion)
      throw new MillwrightError(
        "conflict",
        `Model "${model}" has no champion that ${version} could run beside.`,
      );
    const previous = await registry.alias(model, "challenger");
    if (previous === version) return;
    await registry.move({ ...input, alias: "challenger", previous });
    await serving.setRoute({ ...route, shadow: next, reason: input.reason, by: input.runId });
    await announce("model.challenged", model, { version, reason: input.reason }, at);
  });
}
