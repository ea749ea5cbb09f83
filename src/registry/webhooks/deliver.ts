import type { Log } from "../../lib/log.ts";
import { nextOf } from "./delivery.ts";
import { type SendDeps, sendDelivery } from "./send-delivery.ts";
import type { Due, WebhookStore } from "./store.ts";

export interface DeliverDeps extends SendDeps {
  readonly webhooks: WebhookStore;
  readonly log: Log;
  /** Uniform in [0, 1). */
  chance(): number;
}

/**
 * How many are under way at once, and of them to one webhook. When all places are taken, a webhook with nothing under way still gets one:
 * receivers that hang, however many, must not keep the others waiting.
 */
const AT_ONCE = 16;
const PER_WEBHOOK = 4;
/** Longer than an attempt may take: who holds a delivery for longer has died, and another one sends it again. */
const LEASE_MS = 90_000;

/** Deliveries under way in this process, by webhook. */
export type UnderWay = Map<string, Set<Promise<void>>>;

/**
 * Sends what is due and answers how many were begun, without waiting for them: they are in `underWay` until their outcome is kept.
 * Every delivery is sent at least once, under the same id each time, and given up with a record of why.
 */
export async function deliver(deps: DeliverDeps, underWay: UnderWay): Promise<number> {
  const sizes = new Map([...underWay].map(([webhook, { size }]) => [webhook, size]));
  const count = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const free = AT_ONCE - count;
  const due = await deps.webhooks.claim({
    ...{ now: deps.clock.now(), limit: free > 0 ? free : AT_ONCE, leaseMs: LEASE_MS },
    ...{ perWebhook: free > 0 ? PER_WEBHOOK : 1, underWay: sizes },
  });
  for (const one of due) {
    const own = underWay.get(one.webhook) ?? new Set();
    const sending = attemptOne(deps, one)
      // It is sent again when its lease is over.
      .catch((error: Error) => deps.log.warn(`a delivery's outcome was not kept: ${error.message}`))
      .finally(() => {
        own.delete(sending);
        if (own.size === 0 && underWay.get(one.webhook) === own) underWay.delete(one.webhook);
      });
    underWay.set(one.webhook, own.add(sending));
  }
  return due.length;
}

async function attemptOne(deps: DeliverDeps, due: Due): Promise<void> {
  const { webhooks, clock } = deps;
  if (due.status === "DISABLED") {
    const error = "The webhook was disabled before this could be delivered.";
    const over = { state: "given up", nextAt: undefined, status: undefined, error } as const;
    await webhooks.record(due.id, { ...over, at: clock.now() });
    return;
  }
  const { attempt } = await sendDelivery(deps, due);
  const next = nextOf(attempt, due.attempts, deps.chance());
  const at = clock.now();
  await webhooks.record(due.id, {
    ...{ state: next.state, at },
    nextAt: next.state === "waiting" ? at + Math.round(next.afterMs) : undefined,
    status: "status" in attempt ? attempt.status : undefined,
    error: next.state === "delivered" ? undefined : next.error,
  });
}
