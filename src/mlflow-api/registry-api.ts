/** Builds MLflow's model registry on our own, and the webhooks; used by tracking-api.ts. */
import { randomUUID } from "node:crypto";
import { eventLog } from "../engine/events.ts";
import { regularly } from "../engine/regularly.ts";
import type { HttpRoute } from "../http/http.ts";
import { outsideUrl } from "../http/outside-url.ts";
import { postOutside } from "../http/post-outside.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Seal } from "../lib/seal.ts";
import type { RegisteredVersion } from "../registry/registered/registered-model.ts";
import { registeredRoutes } from "../registry/registered/routes.ts";
import { registeredSearchStore } from "../registry/registered/search/store.ts";
import {
  type LoggedModels,
  type RegisteredParts,
  registeredStore,
} from "../registry/registered/store.ts";
import { registryStore } from "../registry/store.ts";
import { deliver, type UnderWay } from "../registry/webhooks/deliver.ts";
import { webhookRoutes } from "../registry/webhooks/routes.ts";
import { webhookStore } from "../registry/webhooks/store.ts";
import { TOLD_EVENTS, tellOfEvent } from "../registry/webhooks/tell-of-event.ts";
import type { WebhookTargets } from "../registry/webhooks/webhook.ts";
import { roleIn } from "../serving/route-uses.ts";
import { servingStore } from "../serving/store.ts";
import type { Sql } from "../storage/sql/sql.ts";

/** What the platform around the registry does; left out where there is none, as in the conformance suite. */
export interface ServedModels {
  /** Of the project definition. */
  names(): Promise<readonly string[]>;
  /** Makes a version the champion, through its gates. Throws `gate_failed` with the reasons. */
  promoteByAlias(model: string, number: number): Promise<"promoted" | "not servable">;
}

export interface RegistryApiParts {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly log: Log;
  readonly seal: Seal;
  readonly targets: WebhookTargets;
  readonly served?: ServedModels | undefined;
  /** The artifact folder of a run; undefined: there is no such run. */
  runArtifacts(sql: Sql, run: string): Promise<string | undefined>;
  loggedModels(sql: Sql): LoggedModels;
  chance(): number;
}

export function registryApi(parts: RegistryApiParts): HttpRoute[] {
  const { sql, clock } = parts;
  const registered = registeredRoutes(
    {
      ...partsOn(sql, parts),
      ...{ clock, promoteByAlias: parts.served?.promoteByAlias },
      transact: (body) => sql.transact((tx) => body(partsOn(tx, parts))),
    },
    registeredSearchStore(sql),
  );
  return [
    ...registered,
    ...webhookRoutes({
      ...sending(parts),
      ...{ seal: parts.seal.seal, newId: randomUUID, readUrl: outsideUrl },
    }),
  ];
}

function partsOn(
  sql: Sql,
  { runArtifacts, loggedModels, served }: RegistryApiParts,
): RegisteredParts {
  const { append } = eventLog(sql);
  return {
    registered: registeredStore(sql),
    webhooks: webhookStore(sql),
    loggedModels: loggedModels(sql),
    runArtifacts: (run) => runArtifacts(sql, run),
    lock: registryStore(sql).lock,
    usedBy: (model, version) => usedBy(sql, served, { model, version }),
    announce: async (type, subject, payload, at) => {
      await append({ type, subject, payload, at }, sql);
    },
  };
}

/** Why a model or a version may not go, in words. */
async function usedBy(
  sql: Sql,
  served: ServedModels | undefined,
  { model, version }: { readonly model: string; readonly version: RegisteredVersion | undefined },
): Promise<string | undefined> {
  const serving = servingStore(sql);
  const route = await serving.route(model);
  if (version) {
    const role = version.version && roleIn(route, version.version);
    if (role) return `${role}. Promote another version first, or take it out of the route.`;
    const alias = version.aliases.find((one) => one === "champion" || one === "challenger");
    return alias && `it is the ${alias}. Promote another version first.`;
  }
  if ((await served?.names())?.includes(model))
    return "the project defines it (millwright.config.ts). Take it out there first.";
  if (route) return `it is served. See: millwright route ${model}`;
  const others = await serving.changedRoutes(0);
  const leaning = others.find((change) => change.route?.fallback?.includes(model));
  return leaning && `it stands in for ${leaning.model}. See: millwright route ${leaning.model}`;
}

const sending = ({ sql, clock, targets, seal }: RegistryApiParts) => ({
  ...{ webhooks: webhookStore(sql), clock, targets, unseal: seal.open },
  post: (request: Parameters<typeof postOutside>[0]) => postOutside(request),
});

const WEBHOOKS = "webhooks";
const DELIVER_EVERY_MS = 500;
const TIDY_EVERY_MS = 3_600_000;
/** How long an end waits for answers; what has none by then is sent again. */
const LAST_WAIT_MS = 2000;

/** Sends webhooks what is due, from the outbox and the event log. Any number of processes may do so at once. */
export async function deliverRegularly(
  parts: RegistryApiParts,
): Promise<{ stop(): Promise<void> }> {
  const { sql, clock, log, chance } = parts;
  const events = eventLog(sql);
  await events.follow([WEBHOOKS]);
  const deps = { ...sending(parts), chance, log };
  const underWay: UnderWay = new Map();
  const { webhooks } = deps;
  const delivering = regularly({ everyMs: DELIVER_EVERY_MS, what: "webhooks", log }, async () => {
    const { get: version } = registryStore(sql);
    await events.consume(WEBHOOKS, TOLD_EVENTS, (event) =>
      tellOfEvent({ webhooks, version: (id) => version(id as `sha256:${string}`) }, event),
    );
    await deliver(deps, underWay);
  });
  const tidying = regularly({ everyMs: TIDY_EVERY_MS, what: "old deliveries", log }, () =>
    webhooks.tidy(clock.now()),
  );
  return {
    async stop() {
      await Promise.all([delivering.stop(), tidying.stop()]);
      const rest = [...underWay.values()].flatMap((set) => [...set]);
      const enough = new Promise((resolve) => setTimeout(resolve, LAST_WAIT_MS).unref());
      await Promise.race([Promise.all(rest), enough]);
    },
  };
}
