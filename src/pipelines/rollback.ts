import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import { championStack } from "../registry/champion-stack.ts";
import type { Change } from "./change.ts";
import type { Platform } from "./platform.ts";

/** Gives the alias back to the champion before this one. Nothing runs beside it afterwards. */
export async function rollback(
  deps: Pick<Platform, "transact">,
  input: Change,
): Promise<{ readonly from: Digest; readonly to: Digest }> {
  return deps.transact(async ({ registry, serving, announce }) => {
    const { model, at, reason } = input;
    const [from, to] = championStack(await registry.moves(model, "champion"));
    const version = to && (await registry.get(to));
    const route = await serving.route(model);
    if (!from || !to || !version || !route)
      throw new MillwrightError(
        "conflict",
        `Model "${model}" has no earlier champion to go back to. See: millwright show ${model}`,
      );
    await registry.move({ ...input, alias: "champion", version: to, previous: from });
    await serving.setRoute({ ...route, champion: version, shadow: undefined, reason });
    await announce("model.rolled_back", model, { from, to, reason }, at);
    return { from, to };
  });
}
