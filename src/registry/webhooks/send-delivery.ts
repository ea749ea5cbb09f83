import type { OutsideAnswer, OutsideRequest, RefusedTarget } from "../../http/outside.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Attempt, retryAfterMs } from "./delivery.ts";
import { signatureOf } from "./signature.ts";
import type { WebhookTargets } from "./webhook.ts";

export interface SendDeps {
  readonly clock: Clock;
  readonly targets: WebhookTargets;
  /** Opens a sealed secret. */
  unseal(sealed: Uint8Array): string;
  post(request: OutsideRequest): Promise<OutsideAnswer | RefusedTarget>;
}

const TIMEOUT_MS = 30_000;

/** One attempt, signed with the webhook's secret at this moment. Never throws: what went wrong is the outcome. */
export async function sendDelivery(
  deps: SendDeps,
  {
    id,
    url,
    body,
    secret,
  }: {
    readonly id: string;
    readonly url: string;
    readonly body: string;
    readonly secret: Uint8Array | undefined;
  },
): Promise<{ readonly attempt: Attempt; readonly answer: OutsideAnswer | undefined }> {
  const seconds = Math.floor(deps.clock.now() / 1000);
  try {
    const signature = secret && signatureOf(deps.unseal(secret), { id, seconds, body });
    const answer = await deps.post({
      headers: {
        ...{ "content-type": "application/json", "user-agent": "millwright" },
        ...{ "x-mlflow-delivery-id": id, "x-mlflow-timestamp": String(seconds) },
        ...(signature === undefined ? {} : { "x-mlflow-signature": signature }),
      },
      ...{ url, body, timeoutMs: TIMEOUT_MS, anywhere: deps.targets === "any" },
    });
    if ("refused" in answer)
      return { attempt: { error: `Not sent: ${answer.refused}`, final: true }, answer: undefined };
    const wait = retryAfterMs(answer.retryAfter, deps.clock.now());
    return { attempt: { status: answer.status, retryAfterMs: wait }, answer };
  } catch (error) {
    // Of a name with several addresses the error has no message, only a code.
    const { message, code } = error as Error & { readonly code?: string };
    const words = message || code || String(error);
    return { attempt: { error: `Not delivered: ${words}`, final: false }, answer: undefined };
  }
}
