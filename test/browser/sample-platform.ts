import { newId } from "../../src/lib/ids.ts";
import type { Platform } from "../../src/pipelines/platform.ts";
import type { RegistryStore } from "../../src/registry/store.ts";
import {
  cursorOf,
  inOrder,
  type LoggedPrediction,
  type LogQuery,
  matcherOf,
} from "../../src/serving/log/query.ts";
import { headOf, type Volume } from "../../src/serving/segment.ts";
import type { RouteRequest } from "../../src/serving/store.ts";
import { memoryStores } from "../../src/testing/memory-stores.ts";

const HOUR = 3_600_000;

/** Routes and the prediction log in memory, for the verbs that change and read them. */
export function samplePlatform(
  registry: RegistryStore,
  logged: readonly LoggedPrediction[],
  now: number,
) {
  const stores = memoryStores();
  const { state } = stores;
  const setRoute = async (request: RouteRequest, changedAt = now) => {
    const route = await stores.serving.setRoute(request);
    state.revisions.push({ ...state.revisions.pop()!, changedAt });
    return route;
  };
  const serving = { ...stores.serving, setRoute };
  const matching = (query: LogQuery): LoggedPrediction[] => {
    const wanted = matcherOf(query);
    return logged.filter((prediction) => wanted(headOf(prediction)));
  };
  const predictions: Platform["predictions"] = {
    read: async (query) => matching(query),
    scan: () => Promise.reject(new Error("not part of this test")) as never,
    async page({ limit, order = "newest", after, withFeedback, ...query }) {
      const found = matching(query)
        .filter(({ truth }) => !withFeedback || truth !== undefined)
        .sort(inOrder(order));
      const from = found.findIndex((p) => cursorOf(p) === after) + 1;
      const page = found.slice(from, from + limit);
      const more = from + limit < found.length;
      return { predictions: page, next: more ? cursorOf(page.at(-1)!) : undefined };
    },
    async find({ model, id }) {
      const found = logged.find((p) => p.model === model && p.id === id);
      return found && { ...found, beside: [] };
    },
    profile: () => Promise.reject(new Error("not part of this test")),
    async volumes(model, from, to) {
      const hours = new Map<string, Volume>();
      for (const { model: own, at, version, variant, abstained, latencyMs } of logged) {
        if (own !== model || at < from || at >= to) continue;
        const hour = Math.floor(at / HOUR) * HOUR;
        const head = { model: own, version, variant };
        const known = hours.get(`${hour} ${version}`) ?? {
          ...{ ...head, hour, rows: 0, abstained: 0, latencyMs: 0 },
        };
        hours.set(`${hour} ${version}`, {
          ...{ ...known, rows: known.rows + 1, latencyMs: known.latencyMs + latencyMs },
          abstained: known.abstained + (abstained ? 1 : 0),
        });
      }
      return [...hours.values()];
    },
    unmatched: async (model) => (model === "churn" ? 2 : 0),
    erase: () => Promise.reject(new Error("not part of this test")),
    tidy: () => Promise.reject(new Error("not part of this test")),
  };
  const definition = { datasets: {}, models: {} };
  const platform = {
    ...{ registry, serving, predictions, clock: { now: () => now } },
    project: async () => ({
      definition,
      code: newId("code", now, () => 0),
      bundle: "",
      folder: "/",
    }),
    transact: <T>(body: (of: typeof stores) => Promise<T>) =>
      stores.transact((of) => body({ ...of, registry, serving } as unknown as typeof stores)),
  } as unknown as Platform;
  return { platform, setRoute };
}
