import { fileURLToPath } from "node:url";
import { datasetRoutes } from "../../src/datasets/routes.ts";
import { MillwrightError } from "../../src/errors.ts";
import { type HttpServer, openServer } from "../../src/http/server.ts";
import { incidentRoutes } from "../../src/monitoring/routes.ts";
import { modelRoutes } from "../../src/registry/routes.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { runRoutes } from "../../src/tracking/routes.ts";
import { sampleDatasets, sampleIncidents, sampleSeries } from "./sample-data.ts";
import { sampleEngine } from "./sample-engine.ts";
import { sampleEvidence } from "./sample-evidence.ts";
import { sampleRegistry } from "./sample-registry.ts";

/** The real HTTP kernel and the real routes over stores in memory, with the built console. `empty`: a project without anything. */
export async function sampleServer(
  options: { empty?: boolean; port?: number; token?: string } = {},
): Promise<HttpServer> {
  const { empty = false, port = 0, token } = options;
  const now = Date.now();
  const clock = { now: () => now };
  const engine = sampleEngine(now);
  const registry = sampleRegistry(now);
  const datasets = sampleDatasets(now);
  const incidents = async (model?: string) =>
    empty ? [] : sampleIncidents().filter((i) => (model ?? i.model) === i.model);
  const none = { models: async () => [] };
  const move = async (model: string, version: string | undefined, reason: string) => {
    const [previous, target] = await Promise.all([
      registry.alias(model, "champion"),
      registry.find(model, version ?? "1"),
    ]);
    await registry.move({
      ...{ model, alias: "champion", version: target?.id, previous, reason },
      ...{ verdict: undefined, runId: undefined, at: now },
    });
  };
  return openServer({
    port,
    token,
    log: quietLog(),
    staticDir: fileURLToPath(new URL("../../dist/web", import.meta.url)),
    routes: [
      ...modelRoutes({
        registry: empty ? { ...registry, ...none } : registry,
        engine: empty ? { ...engine, list: async () => [] } : engine,
        defined: async () =>
          empty
            ? []
            : [
                { name: "phishing", dataset: "mail", target: "is_phishing" },
                { name: "passengers", dataset: "travellers", target: "travellers" },
                { name: "renewals", dataset: "contracts", target: "renewed" },
              ],
        evidence: async (version) => sampleEvidence(version),
        incidents,
        series: async (model) => sampleSeries(model),
        route: async (model) =>
          model === "phishing"
            ? { champion: 3, shadow: 4, revision: 5 }
            : model === "passengers"
              ? { champion: 1, shadow: null, revision: 1 }
              : null,
        shadow: async (model) =>
          model === "phishing"
            ? {
                challenger: 4,
                since: now - 5_000_000,
                pairs: 146,
                needed: 200,
                eValue: 3.8,
                text: "Better so far by 0.9 points on 146 labelled rows; at least 200 are needed before anything is decided.",
              }
            : null,
        train: (model) => engine.submit("train", { model, reason: "asked for by a person" }),
        importModel: async () => {
          throw new MillwrightError("unsupported", "Nothing is imported into the sample.");
        },
        async promote({ model, version, reason }) {
          if (!sampleEvidence(version).verdict.pass)
            throw new MillwrightError(
              "gate_failed",
              `Version ${version.number} did not pass its gates.`,
            );
          await move(model, String(version.number), reason);
        },
        rollback: ({ model, reason }) => move(model, undefined, reason),
      }),
      ...runRoutes({
        engine: empty ? { ...engine, list: async () => [] } : engine,
        clock,
        status: async () => ({
          project: empty ? "new-project" : "mail-security",
          version: "0.1.0",
          gateway: { url: "http://127.0.0.1:7401", ready: !empty },
          models: empty ? 0 : 3,
          openIncidents: (await incidents()).filter((i) => i.state === "open").length,
        }),
      }),
      ...datasetRoutes({
        names: async () => (empty ? [] : Object.keys(datasets)),
        versions: async (name) => datasets[name] ?? [],
      }),
      ...incidentRoutes({ incidents, series: async (model) => sampleSeries(model) }),
    ],
  });
}
