import type { Event } from "../../engine/event.ts";
import type { ModelVersion } from "../model-version.ts";
import type { WebhookStore } from "./store.ts";

/** Of the event log: what webhooks are told. Runs and experiments tell of themselves (migration 0073). */
export const TOLD_EVENTS = ["model.promoted", "incident.opened"] as const;

/** Writes the deliveries of one event; the same event again writes none. */
export async function tellOfEvent(
  deps: {
    readonly webhooks: Pick<WebhookStore, "tell">;
    version(id: string): Promise<Pick<ModelVersion, "number"> | undefined>;
  },
  event: Event,
): Promise<void> {
  const payload = event.payload as Readonly<Record<string, unknown>>;
  const tell = (kind: string, data: object) => deps.webhooks.tell(kind, data, event.at, event.id);
  const numberOf = async (id: unknown): Promise<string | null> => {
    const found = typeof id === "string" ? await deps.version(id) : undefined;
    return found ? String(found.number) : null;
  };
  switch (event.type) {
    case "model.promoted":
      return tell("MODEL_VERSION.PROMOTED", {
        name: event.subject,
        version: await numberOf(payload.version),
        previous: await numberOf(payload.previous),
        reason: payload.reason ?? "",
      });
    case "incident.opened":
      return tell("INCIDENT.OPENED", {
        ...{ model: event.subject, incident: payload.id ?? null, summary: payload.headline ?? "" },
        ...{ cause: payload.cause ?? null, words: payload.words ?? null },
      });
  }
}
