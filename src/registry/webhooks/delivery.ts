import type { WebhookEvent } from "./webhook-event.ts";

/** One message to one webhook. Times: ms since 1970. */
export interface Delivery {
  readonly id: string;
  readonly webhook: string;
  readonly event: WebhookEvent;
  readonly state: "waiting" | "delivered" | "given up";
  readonly attempts: number;
  /** When it is tried next; undefined when it is over. */
  readonly nextAt: number | undefined;
  readonly lastStatus: number | undefined;
  /** Why the last attempt failed, in words. */
  readonly lastError: string | undefined;
  readonly createdAt: number;
  readonly finishedAt: number | undefined;
}

/** What became of one attempt. */
export type Attempt =
  | { readonly status: number; readonly retryAfterMs: number | undefined }
  /** Nothing answered, in words; `final`: it may not be sent at all. */
  | { readonly error: string; readonly final: boolean };

export type Next =
  | { readonly state: "delivered" }
  | { readonly state: "given up"; readonly error: string }
  | { readonly state: "waiting"; readonly afterMs: number; readonly error: string };

const RETRIED = new Set([429, 500, 502, 503, 504]);
/** After the n-th attempt: three times within seconds, as MLflow does, then for a receiver that is away for longer. */
const PAUSES_MS = [1000, 2000, 4000, 60_000, 600_000, 3_600_000, 21_600_000] as const;
const LONGEST_MS = 86_400_000;

/** `attempts` counts this one; `chance` is uniform in [0, 1): up to a second more, so that not all come back at once. */
export function nextOf(attempt: Attempt, attempts: number, chance: number): Next {
  if ("status" in attempt && attempt.status >= 200 && attempt.status < 300)
    return { state: "delivered" };
  const error = "error" in attempt ? attempt.error : `The receiver answered ${attempt.status}.`;
  const again = "error" in attempt ? !attempt.final : RETRIED.has(attempt.status);
  const pause = PAUSES_MS[attempts - 1];
  if (!again) return { state: "given up", error };
  if (pause === undefined)
    return { state: "given up", error: `${error} Given up after ${attempts} attempts.` };
  const asked = "error" in attempt ? undefined : attempt.retryAfterMs;
  return {
    state: "waiting",
    afterMs: asked === undefined ? pause + chance * 1000 : Math.min(asked, LONGEST_MS),
    error,
  };
}

/** `Retry-After`: seconds, or a date. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

export const deliveryWire = (delivery: Delivery) => ({
  delivery_id: delivery.id,
  event: delivery.event,
  state: delivery.state.replace(" ", "_").toUpperCase(),
  attempts: delivery.attempts,
  ...(delivery.nextAt === undefined ? {} : { next_attempt_timestamp: delivery.nextAt }),
  ...(delivery.lastStatus === undefined ? {} : { response_status: delivery.lastStatus }),
  ...(delivery.lastError === undefined ? {} : { error_message: delivery.lastError }),
  creation_timestamp: delivery.createdAt,
  ...(delivery.finishedAt === undefined ? {} : { finish_timestamp: delivery.finishedAt }),
});
