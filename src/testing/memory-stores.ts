import type { Digest } from "../lib/digest.ts";
import type { Json } from "../lib/json.ts";
import type { KeptIncident, WindowReport } from "../monitoring/window-report.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Stores } from "../pipelines/platform.ts";
import type { AliasMove } from "../registry/alias-move.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import type { Route } from "../serving/route.ts";
import type { RouteRequest, RouteRevision } from "../serving/store.ts";

export interface Announced {
  readonly type: string;
  readonly subject: string;
  readonly payload: Json;
  readonly at: number;
}

interface State {
  versions: ModelVersion[];
  moves: AliasMove[];
  routes: Route[];
  revisions: RouteRevision[];
  windows: WindowReport[];
  incidents: KeptIncident[];
  events: Announced[];
}

export interface MemoryStores extends Stores {
  readonly state: State;
  transact<T>(body: (stores: Stores) => Promise<T>): Promise<T>;
}

/** What changes together, kept in memory: a transaction that throws leaves everything as it was. One transaction at a time. */
export function memoryStores(): MemoryStores {
  const state: State = {
    ...{
      versions: [],
      moves: [],
      routes: [],
      revisions: [],
      windows: [],
      incidents: [],
      events: [],
    },
  };
  const movesOf = (model: string, alias?: string) =>
    state.moves
      .filter((move) => move.model === model && (alias === undefined || move.alias === alias))
      .reverse();
  const routeOf = (model: string) => state.routes.filter((r) => r.model === model).at(-1);
  const stores: Stores = {
    registry: {
      async add(version, given) {
        const kept = state.versions.find(({ id }) => id === version.id);
        if (kept) return kept;
        const own = state.versions.filter(({ model }) => model === version.model);
        const number = given ?? Math.max(0, ...own.map((v) => v.number)) + 1;
        state.versions.push({ ...version, number });
        return { ...version, number };
      },
      get: async (id) => state.versions.find((version) => version.id === id),
      find: async (model, name) =>
        state.versions.find(
          ({ model: own, number, id }) =>
            own === model &&
            (String(number) === name || id === name || id === movesOf(model, name)[0]?.version),
        ),
      versions: async (model) => state.versions.filter((v) => v.model === model).reverse(),
      models: async () => [...new Set(state.versions.map(({ model }) => model))].sort(),
      alias: async (model, alias) => movesOf(model, alias)[0]?.version,
      lock: async () => {},
      async move(move) {
        state.moves.push(move);
      },
      moves: async (model, alias) => movesOf(model, alias),
    },
    serving: {
      async setRoute(request: RouteRequest) {
        const { reason, by = "", ...route } = request;
        const revision = (routeOf(route.model)?.revision ?? 0) + 1;
        state.routes.push({ ...route, revision });
        state.revisions.push({ route: { ...route, revision }, revision, reason, by, changedAt: 0 });
        return { ...route, revision };
      },
      async removeRoute(model: string) {
        state.routes = state.routes.filter((route) => route.model !== model);
      },
      route: async (model: string) => routeOf(model),
      routeAt: async (model: string, revision: number) =>
        state.routes.find((route) => route.model === model && route.revision === revision),
      routeHistory: async (model: string, limit = 100) =>
        state.revisions
          .filter(({ route }) => route?.model === model)
          .reverse()
          .slice(0, limit),
      lockRoutes: async () => {},
      async versionServed(id: string) {
        const found = state.routes.find(({ champion }) => champion?.id === id);
        return found && { model: found.model, version: found.champion! };
      },
    } as unknown as Stores["serving"],
    monitoring: {
      async keepWindow(report) {
        const { start, end } = report.window;
        state.windows = state.windows.filter(
          ({ model, window }) =>
            model !== report.model || window.start !== start || window.end !== end,
        );
        state.windows.push(report);
      },
      windows: async (model, { before = Number.POSITIVE_INFINITY, limit = 100 } = {}) =>
        state.windows
          .filter((report) => report.model === model && report.window.start < before)
          .sort((a, b) => a.window.start - b.window.start)
          .slice(-limit),
      async keepIncident(incident) {
        state.incidents = state.incidents.filter(({ id }) => id !== incident.id);
        state.incidents.push(incident);
      },
      openIncidents: async (model) =>
        state.incidents.filter((i) => i.model === model && i.state === "open"),
      incidents: async (model) =>
        state.incidents.filter((i) => model === undefined || i.model === model),
    },
    // Families are tested on PostgreSQL.
    families: { versions: async () => [] } as unknown as Stores["families"],
    async announce(type, subject, payload, at) {
      state.events.push({ type, subject, payload, at });
    },
    lastAnnounced: async (type, subject) =>
      state.events.filter((e) => e.type === type && e.subject === subject).at(-1)?.at,
  };
  return {
    ...stores,
    state,
    async transact(body) {
      const before = { ...state };
      for (const key of Object.keys(before) as (keyof State)[])
        (before as Record<string, unknown>)[key] = [...state[key]];
      try {
        return await body(stores);
      } catch (error) {
        Object.assign(state, before);
        throw error;
      }
    },
  };
}

const ANSWERS_SPAM: Signature = {
  task: "binary",
  target: "is_spam",
  classes: ["no", "yes"],
  columns: [{ name: "subject", role: "category" }],
};

/** A version of the model "mail" that differs from others by its letter. */
export function someVersion(letter: string, signature: Signature = ANSWERS_SPAM) {
  const digest: Digest = `sha256:${letter.repeat(64)}`;
  return {
    ...{ id: digest, model: "mail", onnx: digest, signature, trainer: "linear", params: {} },
    ...{ seed: 1, dataset: digest, code: digest, parent: undefined, complexity: 1 },
    ...{ report: digest, leaderboard: digest, reference: digest, runId: "run", createdAt: 0 },
    environment: { node: "20", millwright: "0", runtime: "wasm" },
  } satisfies Omit<ModelVersion, "number">;
}
