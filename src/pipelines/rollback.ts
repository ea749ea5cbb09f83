import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import { championStack } from "../registry/champion-stack.ts";
import type { Change } from "./change.ts";
import { dropChallenger } from "./drop-challenger.ts";
import type { Platform } from "./platform.ts";

/**
 * Gives the alias back: to the champion before this one, or to `to`. Nothing runs beside it afterwards, and nothing is divided. `from`: only that
 * champion is replaced; when another one stands nothing is changed, which also makes it safe to repeat.
 */
export async function rollback(
  deps: Pick<Platform, "transact">,
  input: Change & { readonly from?: Digest; readonly to?: Digest },
): Promise<{ readonly from: Digest; readonly to: Digest }> {
  return deps.transact(async (stores) => {
    const { registry, serving, announce } = stores;
    const { model, at, reason } = input;
    await registry.lock(model);
    const [from, below] = championStack(await registry.moves(model, "champion"));
    if (from && input.from !== undefined && input.from !== from)
      return { from: input.from, to: from };
    const to = input.to ?? below;
    const version = to && (await registry.get(to));
    const route = await serving.route(model);
    if (!from || !to || !version || !route)
      throw new MillwrightError(
        "conflict",
        `Model "${model}" has no earlier champion to go back to. See: millwright show ${model}`,
      );
    await registry.move({
      ...{ model, alias: "champion", version: to, previous: from, reason, at },
      ...{ verdict: input.verdict, runId: input.runId },
    });
    await dropChallenger(stores, { ...input, verdict: undefined });
    await serving.setRoute({
      ...{ ...route, champion: version, shadow: undefined, split: undefined },
      ...{ reason, by: input.runId },
    });
    const said = { from, to, reason, runId: input.runId ?? null };
    await announce("model.rolled_back", model, said, at);
    return { from, to };
  });
}
