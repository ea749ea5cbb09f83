import type { Digest } from "../lib/digest.ts";
import type { Change } from "./change.ts";
import { dropChallenger } from "./drop-challenger.ts";
import type { Platform } from "./platform.ts";

/**
 * Takes away what runs beside the champion: a rejected challenger, or the former champion at the end of its guard. Does nothing
 * when `shadow` does not run there any more: then it was about another one.
 */
export async function endShadow(
  deps: Pick<Platform, "transact">,
  input: Change & { readonly shadow: Digest },
): Promise<void> {
  await deps.transact(async (stores) => {
    const { registry, serving } = stores;
    await registry.lock(input.model);
    const route = await serving.route(input.model);
    if (route?.shadow?.id !== input.shadow) return;
    // A guard may end while a challenger answers as canary.
    if ((await registry.alias(input.model, "challenger")) === input.shadow)
      await dropChallenger(stores, input);
    await serving.setRoute({
      ...{ ...route, shadow: undefined },
      ...{ reason: input.reason, by: input.runId },
    });
  });
}
