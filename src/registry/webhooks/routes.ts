import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import type { OutsideUrl } from "../../http/outside.ts";
import { doesNotExist, invalidParameter } from "../../tracking/mlflow/errors.ts";
import { absent, boolean, choice, list, text } from "../../tracking/mlflow/fields.ts";
import { omitEmpty } from "../../tracking/mlflow/omit-empty.ts";
import { pageToken, readPageToken } from "../../tracking/mlflow/page-token.ts";
import { rpc, rpcRoutes } from "../../tracking/mlflow/rpc.ts";
import { maxResults } from "../../tracking/search/page.ts";
import { deliveryWire } from "./delivery.ts";
import { EXAMPLES } from "./example-data.ts";
import { type SendDeps, sendDelivery } from "./send-delivery.ts";
import type { WebhookStore } from "./store.ts";
import {
  checkWebhookName,
  checkWebhookUrl,
  WEBHOOK_STATUSES,
  type Webhook,
  webhookWire,
} from "./webhook.ts";
import {
  ACTIONS,
  ENTITIES,
  eventBody,
  eventOf,
  OWN_EVENTS,
  type WebhookEvent,
} from "./webhook-event.ts";

export interface WebhookRoutesDeps extends SendDeps {
  readonly webhooks: WebhookStore;
  readUrl(url: string): OutsideUrl | undefined;
  seal(secret: string): Uint8Array;
  /** A new id: a UUID. */
  newId(): string;
}

/** By their places, from 1. */
const numbered = <T extends string>(names: readonly T[]): Readonly<Record<number, T>> =>
  Object.fromEntries(names.map((name, i) => [i + 1, name]));
const event = z
  .object({
    entity: choice(ENTITIES, numbered(ENTITIES)),
    action: choice(ACTIONS, numbered(ACTIONS)),
  })
  .transform(eventOf);
const status = () => absent(choice(WEBHOOK_STATUSES, { 1: "ACTIVE", 2: "DISABLED" }));
/** In the path; a body that repeats it is not listened to. */
const webhook_id = text(1);
const MAX_SECRET = 1000;

/** MLflow's calls on webhooks, and one of ours: what became of deliveries. */
export function webhookRoutes(deps: WebhookRoutesDeps): HttpRoute[] {
  const { webhooks, clock, targets } = deps;
  const found = async (id: string): Promise<Webhook> => {
    const webhook = await webhooks.get(id);
    if (webhook) return webhook;
    throw notFound(id);
  };
  const sealed = (secret: string | undefined): Uint8Array | undefined => {
    if (secret === undefined || secret === "") return undefined;
    if (secret.length > MAX_SECRET)
      throw invalidParameter(`'secret' exceeds the maximum length of ${MAX_SECRET} characters`);
    return deps.seal(secret);
  };

  const create = rpc({
    ...{ method: "POST", path: "/webhooks", summary: "somebody to be told" },
    input: z.object({
      ...{ name: text(1), url: text(1), description: absent(text()), secret: absent(text()) },
      ...{ events: list(event), status: status() },
    }),
    async handle({ name, url, description = "", secret, events, status = "ACTIVE" }) {
      checkWebhookName(name);
      checkWebhookUrl(url, deps.readUrl(url), targets);
      if (events.length === 0)
        throw invalidParameter(
          "Webhook events must be a non-empty list of WebhookEvent objects: [].",
        );
      const at = clock.now();
      const webhook: Webhook = {
        ...{ id: deps.newId(), name, description, url, status, createdAt: at, updatedAt: at },
        events: once(events),
      };
      await webhooks.create(webhook, sealed(secret));
      return { body: { webhook: webhookWire(webhook) } };
    },
  });

  const listed = rpc({
    ...{ method: "GET", path: "/webhooks", summary: "who is told" },
    input: z.object({
      ...{ max_results: maxResults(100, 1000), page_token: absent(text()) },
      /** Ours: also those that only want events MLflow's client does not know. */
      all: absent(boolean()),
    }),
    async handle({ max_results: count, page_token, all = false }) {
      const rows = await webhooks.list({
        ...{ limit: count + 1, after: page_token ? positionOf(page_token) : undefined },
        without: all ? [] : OWN_EVENTS,
      });
      const shown = rows.slice(0, count);
      const last = shown.at(-1);
      const more = rows.length > count && last !== undefined;
      return {
        body: omitEmpty({
          webhooks: shown.map(webhookWire),
          next_page_token: more ? pageToken([last.createdAt, last.id]) : undefined,
        }),
      };
    },
  });

  const get = rpc({
    ...{ method: "GET", path: "/webhooks/{webhook_id}", summary: "who is told" },
    input: z.object({ webhook_id }),
    handle: async ({ webhook_id: id }) => ({ body: { webhook: webhookWire(await found(id)) } }),
  });

  const update = rpc({
    ...{ method: "PATCH", path: "/webhooks/{webhook_id}", summary: "what is not given stays" },
    input: z.object({
      ...{ webhook_id, name: absent(text()), url: absent(text()), description: absent(text()) },
      ...{ events: list(event), secret: absent(text()), status: status() },
    }),
    async handle({ webhook_id: id, name, url, description, events, secret, status }) {
      if (name) checkWebhookName(name);
      if (url) checkWebhookUrl(url, deps.readUrl(url), targets);
      const change = {
        ...{ name: name || undefined, url: url || undefined },
        ...{ description: description || undefined, status, secret: sealed(secret) },
        events: events.length === 0 ? undefined : once(events),
      };
      const webhook = await webhooks.update(id, change, clock.now());
      if (!webhook) throw notFound(id);
      return { body: { webhook: webhookWire(webhook) } };
    },
  });

  const remove = rpc({
    ...{ method: "DELETE", path: "/webhooks/{webhook_id}", summary: "nobody is told any more" },
    input: z.object({ webhook_id }),
    async handle({ webhook_id: id }) {
      if (!(await webhooks.delete(id))) throw notFound(id);
      return {};
    },
  });

  const test = rpc({
    ...{ method: "POST", path: "/webhooks/{webhook_id}/test", summary: "sends an example now" },
    input: z.object({ webhook_id, event: absent(event) }),
    async handle({ webhook_id: id, event: wanted }) {
      const { url, events } = await found(id);
      const told = wanted ?? events[0]!;
      const { attempt, answer } = await sendDelivery(deps, {
        ...{ id: deps.newId(), url, secret: await webhooks.secret(id) },
        body: eventBody(told, EXAMPLES[told] ?? {}, clock.now()),
      });
      const result = answer
        ? {
            success: answer.status < 400,
            ...{ response_status: answer.status, response_body: answer.body },
          }
        : { success: false, error_message: "error" in attempt ? attempt.error : "" };
      return { body: { result } };
    },
  });

  const deliveries = rpc({
    ...{ method: "GET", path: "/webhooks/{webhook_id}/deliveries", summary: "what became of them" },
    input: z.object({ webhook_id, max_results: maxResults(100, 1000) }),
    async handle({ webhook_id: id, max_results }) {
      await found(id);
      const kept = await webhooks.deliveries(id, max_results);
      return { body: omitEmpty({ deliveries: kept.map(deliveryWire) }) };
    },
  });

  return rpcRoutes([create, listed, get, update, remove, test, deliveries]);
}

const notFound = (id: string): Error => doesNotExist(`Webhook with ID ${id} not found.`);

const once = (events: readonly WebhookEvent[]): WebhookEvent[] => [...new Set(events)];

function positionOf(token: string): readonly [number, string] {
  const read = readPageToken(token);
  if (Array.isArray(read) && Number.isSafeInteger(read[0]) && typeof read[1] === "string")
    return [read[0] as number, read[1]];
  throw invalidParameter("Invalid page token, it was not made by this server.");
}
