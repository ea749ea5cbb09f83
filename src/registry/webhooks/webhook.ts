import type { OutsideUrl } from "../../http/outside.ts";
import { invalidParameter } from "../../tracking/mlflow/errors.ts";
import { isOwnEvent, pairOf, type WebhookEvent } from "./webhook-event.ts";

export const WEBHOOK_STATUSES = ["ACTIVE", "DISABLED"] as const;
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number];

/** Times: ms since 1970. Its secret is no part of it. */
export interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly status: WebhookStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The targets that are allowed: those of the internet over https, or all. */
export type WebhookTargets = "public" | "any";

export function checkWebhookName(name: string): void {
  if (!/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(name))
    throw invalidParameter(
      `Webhook name '${name}' is invalid. It must start and end with a letter or digit, be less than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).`,
    );
}

/** What can be said without asking for addresses: those are looked at when something is sent. */
export function checkWebhookUrl(
  url: string,
  read: OutsideUrl | undefined,
  targets: WebhookTargets,
): void {
  if (url.trim() === "")
    throw invalidParameter(`Webhook URL cannot be empty or just whitespace: '${url}'`);
  if (!read) throw invalidParameter(`Invalid webhook URL '${url}'.`);
  const schemes = targets === "any" ? ["https", "http"] : ["https"];
  if (!schemes.includes(read.scheme))
    throw invalidParameter(
      `Invalid webhook URL scheme: '${read.scheme}'. Allowed schemes are: ${schemes.join(", ")}.`,
    );
  if (read.hasCredentials)
    throw invalidParameter(
      "Invalid webhook URL: it holds a user name or password. Give a secret instead: deliveries are signed with it.",
    );
  if (read.isInner && targets === "public")
    throw invalidParameter(
      `Webhook URL must not resolve to a non-public IP address: '${read.host}' is one. The operator can allow it with MILLWRIGHT_WEBHOOK_TARGETS=any.`,
    );
}

/** `Webhook` in MLflow's JSON. Events of our own stand apart, where its client does not stumble over them. */
export function webhookWire(webhook: Webhook) {
  const own = webhook.events.filter(isOwnEvent);
  return {
    webhook_id: webhook.id,
    name: webhook.name,
    ...(webhook.description === "" ? {} : { description: webhook.description }),
    url: webhook.url,
    events: webhook.events.filter((event) => !isOwnEvent(event)).map(pairOf),
    ...(own.length === 0 ? {} : { own_events: own.map(pairOf) }),
    status: webhook.status,
    creation_timestamp: webhook.createdAt,
    last_updated_timestamp: webhook.updatedAt,
  };
}
