import { expect, test } from "vitest";
import type { Engine, Run } from "../engine/engine.ts";
import type { HttpRequest } from "../http/http.ts";
import { runRoutes } from "./routes.ts";

test("the status counts more runs than a list shows", async () => {
  const queued = Array.from({ length: 250 }, (_, i) => ({ id: `run_${i}` }) as Run);
  const engine: Pick<Engine, "list" | "hasWorker"> = {
    hasWorker: async () => true,
    list: async ({ state, limit = 100 } = {}) => (state === "queued" ? queued.slice(0, limit) : []),
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
