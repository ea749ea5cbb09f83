/** The control process: API and console, schedules, triggers, shipping of the prediction log. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type App, VERSION } from "./app.ts";
import type { Config } from "./config.ts";
import { datasetRoutes } from "./datasets/routes.ts";
import { eventLog } from "./engine/events.ts";
import { schedules } from "./engine/schedule.ts";
import { runTriggers } from "./engine/triggers.ts";
import { shipRegularly } from "./gateway.ts";
import { openServer } from "./http/server.ts";
import type { Log } from "./lib/log.ts";
import { schedulesOf, triggersOf } from "./pipelines/triggers.ts";
import { runRoutes } from "./tracking/routes.ts";

export interface Control {
  readonly url: string;
  close(): Promise<void>;
}

const PROJECT_EVERY_MS = 5000;
const SHIP_EVERY_MS = 5000;

export async function openControl(app: App, config: Config, log: Log): Promise<Control> {
  const { platform, sql } = app;
  const { engine, clock } = platform;
  const plan = schedules(sql, engine.submit);
  const project = await followProject(app, plan, log);
  const triggers = runTriggers({
    ...{ engine, clock, log, schedules: plan, events: eventLog(sql) },
    triggers: triggersOf(platform),
  });
  const shipper = shipRegularly(
    { sql, blobs: platform.blobs, columns: platform.columns, log },
    { dataDir: config.dataDir, everyMs: SHIP_EVERY_MS },
  );
  const server = await openServer({
    ...{ log, host: config.host, port: config.controlPort, token: config.token },
    staticDir: consoleFolder(),
    routes: [
      ...runRoutes({ engine, clock, status: () => statusOf(app, config) }),
      ...datasetRoutes({
        names: async () => Object.keys((await platform.project()).definition.datasets),
        versions: (dataset) => platform.datasets.versions(dataset),
      }),
    ],
  });
  return {
    url: server.url,
    async close() {
      await server.close();
      project.stop();
      await triggers.stop();
      await shipper.stop();
    },
  };
}

/** Keeps the schedules as the project says, and says so when its code has changed since a model was last trained. */
async function followProject(app: App, plan: ReturnType<typeof schedules>, log: Log): Promise<{ stop(): void }> {
  const { platform } = app;
  let known: string | undefined;
  const look = async (): Promise<void> => {
    const { definition, code } = await platform.project();
    if (code === known) return;
    const wanted = definition.replay ? [] : schedulesOf(definition);
    for (const schedule of wanted) await plan.put(schedule, platform.clock.now());
    const names = new Set(wanted.map((schedule) => schedule.name));
    for (const { name } of await plan.list()) if (!names.has(name)) await plan.remove(name);
    for (const model of Object.keys(definition.models)) {
      const [newest] = await platform.registry.versions(model);
      if (newest && newest.code !== code)
        await platform.announce("code.changed", model, { code }, platform.clock.now());
    }
    known = code;
  };
  await look();
  const timer = setInterval(() => {
    look().catch((error: Error) => log.warn(`the project cannot be read: ${error.message}`));
  }, PROJECT_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

async function statusOf(app: App, config: Config) {
  const { platform } = app;
  const { definition } = await platform.project();
  const incidents = await platform.monitoring.incidents();
  return {
    project: definition.name ?? config.project.split("/").at(-1) ?? "",
    version: VERSION,
    gateway: { url: `http://${config.host}:${config.gatewayPort}`, ready: true },
    models: Object.keys(definition.models).length,
    openIncidents: incidents.filter((incident) => incident.state === "open").length,
  };
}

function consoleFolder(): string | undefined {
  const folder = fileURLToPath(new URL("./web", import.meta.url));
  return existsSync(folder) ? folder : undefined;
}
