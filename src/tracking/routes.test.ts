import { expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import type { HttpRequest } from "../http/http.ts";
import { runRoutes } from "./routes.ts";

test("the status counts more runs than a list shows", async () => {
  const engine: Pick<Engine, "list" | "hasWorker" | "load"> = {
    hasWorker: async () => true,
    list: async () => [],
    load: async () => ({
      runs: [{ queue: "default", pipeline: "train", state: "queued", count: 250 }],
      oldestQueued: {},
    }),
  };
  const [status] = runRoutes({
    engine: engine as Engine,
    clock: { now: () => 5 },
    tracked: { whole: async () => undefined },
    status: async () => ({
      ...{ project: "p", version: "1", models: 0, openIncidents: 0, gateway: null },
    }),
  }).filter(({ path }) => path === "/api/status");
  const request = { params: {}, query: {} } as HttpRequest;
  expect(await status!.handle(request)).toMatchObject({ body: { activeRuns: 250, worker: true } });
});
