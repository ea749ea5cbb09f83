import type { Change } from "./change.ts";
import type { Platform } from "./platform.ts";

/** Takes away whatever runs beside the champion: a rejected challenger, or the former champion at the end of its guard. */
export async function endShadow(deps: Pick<Platform, "transact">, input: Change): Promise<void> {
  await deps.transact(async ({ registry, serving, announce }) => {
    const { model, at, reason } = input;
    const route = await serving.route(model);
    const challenger = await registry.alias(model, "challenger");
    if (challenger !== undefined) {
      await registry.move({
        ...input,
        alias: "challenger",
        version: undefined,
        previous: challenger,
      });
      await announce("model.rejected", model, { version: challenger, reason }, at);
    }
    if (route?.shadow) await serving.setRoute({ ...route, shadow: undefined, reason });
  });
}
