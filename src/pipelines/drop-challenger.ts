import type { Digest } from "../lib/digest.ts";
import type { Change } from "./change.ts";
import type { Stores } from "./platform.ts";

/**
 * Takes the alias `challenger` from whoever has it, inside the transaction that changes the route: an alias left behind without
 * a shadow would keep the model from ever being retrained. It is a rejection unless the challenger is the one `promoted`.
 */
export async function dropChallenger(
  deps: Pick<Stores, "registry" | "serving" | "announce">,
  input: Change & { readonly promoted?: Digest },
): Promise<void> {
  const { model, at, runId, promoted } = input;
  const previous = await deps.registry.alias(model, "challenger");
  if (previous === undefined) return;
  const won = previous === promoted;
  const reason = won ? "it is the champion now" : input.reason;
  await deps.registry.move({
    ...{ model, alias: "challenger", version: undefined, previous, reason, runId, at },
    verdict: won ? undefined : input.verdict,
  });
  if (won) return;
  // Everybody locks the routes before the event log: in another order two changes of routes would wait for each other for ever.
  await deps.serving.lockRoutes();
  await deps.announce("model.rejected", model, { version: previous, reason }, at);
}
