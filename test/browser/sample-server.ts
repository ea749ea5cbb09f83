import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { datasetRoutes } from "../../src/datasets/routes.ts";
import { MillwrightError } from "../../src/errors.ts";
import { familyRoutes } from "../../src/families/routes.ts";
import type { FamilyStore } from "../../src/families/store.ts";
import { type HttpServer, openServer } from "../../src/http/server.ts";
import { incidentRoutes } from "../../src/monitoring/routes.ts";
import { pipeline } from "../../src/pipelines/pipeline.ts";
import { pipelineRoutes, routeRoutes, tryingRoutes } from "../../src/pipelines/routes.ts";
import type { ModelVersion } from "../../src/registry/model-version.ts";
import { modelRoutes } from "../../src/registry/routes.ts";
import { predictionRoutes } from "../../src/serving/log/routes.ts";
import { splitInWords } from "../../src/serving/route-words.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { mlflowErrorBody, mlflowErrorStatus } from "../../src/tracking/mlflow/errors.ts";
import { runRoutes } from "../../src/tracking/routes.ts";
import { sampleServed } from "./sample-churn.ts";
import { sampleDatasets, sampleIncidents, sampleSeries } from "./sample-data.ts";
import { sampleEngine } from "./sample-engine.ts";
import { sampleEvidence } from "./sample-evidence.ts";
import { samplePlatform } from "./sample-platform.ts";
import { sampleRegistry } from "./sample-registry.ts";
import type { SampleTracking } from "./sample-tracking.ts";

const nightly = pipeline("nightly", () => null, {
  params: { day: "2026-07-31", ask: false },
  schedule: { every: "day", at: "02:00" },
});

/** The real HTTP kernel and the real routes over stores in memory, with the built console. `empty`: a project without anything. */
export async function sampleServer(
  options: {
    empty?: boolean;
    port?: number;
    token?: string;
    logFull?: boolean;
    /** Its routes, which have a database. Left out: there are no pages of experiments. */
    tracking?: SampleTracking;
    /** Those of a database; left out: no model has a family. */
    families?: FamilyStore;
  } = {},
): Promise<HttpServer> {
  const { empty = false, port = 0, token, logFull = false, tracking, families } = options;
  const now = Date.now();
  const clock = { now: () => now };
  const engine = sampleEngine(now);
  const folder = mkdtempSync(join(tmpdir(), "millwright-console-"));
  const served = await sampleServed(folder, now);
  const registry = sampleRegistry(now, served.versions);
  const { platform, setRoute } = samplePlatform(registry, empty ? [] : served.logged, now);
  const [newer, older, imported, small] = served.versions as ModelVersion[];
  const churn = { model: "churn", fields: { key: "customer" }, shadow: undefined };
  if (!empty) {
    const HOUR = 3_600_000;
    const first = { reason: "first version; passes 5 of 5 gates", by: "run_01k9train3" };
    await setRoute({ ...churn, champion: older, ...first }, now - 200 * HOUR);
    await setRoute(
      {
        ...{ model: "income", champion: imported, shadow: undefined, fields: {} },
        ...{ reason: "imported (not judged)", by: "command line" },
      },
      now - 3 * HOUR,
    );
    await setRoute(
      { model: "churn_small", champion: small, shadow: undefined, fields: {}, ...first },
      now - 190 * HOUR,
    );
    const chain = { fallback: ["churn_small"], deadlineMs: 25 };
    const waits = { reason: "the hotline waits for it", by: "command line" };
    await setRoute({ ...churn, champion: older, ...chain, ...waits }, now - 60 * HOUR);
    const split = { id: "split_3", begun: now - 20 * HOUR, since: now - 20 * HOUR };
    const canary = { kind: "canary", version: newer!, percent: 25, steps: [50, 100] } as const;
    await setRoute(
      {
        ...{ ...churn, ...chain, champion: older, split: { ...split, ...canary } },
        ...{ reason: "no guard objects after 412 rows", by: "run_01k9train3" },
      },
      now - 20 * HOUR,
    );
  }
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
  const server = await openServer({
    port,
    token,
    log: quietLog(),
    staticDir: fileURLToPath(new URL("../../dist/web", import.meta.url)),
    errorBody: mlflowErrorBody,
    errorStatus: mlflowErrorStatus,
    routes: [
      ...modelRoutes({
        familyOf: async () => undefined,
        registry: empty ? { ...registry, ...none } : registry,
        engine: empty ? { ...engine, list: async () => [] } : engine,
        defined: async () =>
          empty
            ? []
            : [
                { name: "phishing", dataset: "mail", target: "is_phishing" },
                { name: "passengers", dataset: "travellers", target: "travellers" },
                { name: "churn", dataset: "contracts", target: "churn" },
                { name: "churn_small", dataset: "contracts", target: "churn" },
                { name: "renewals", dataset: "contracts", target: "renewed" },
              ],
        evidence: async (version) => (version.origin ? undefined : sampleEvidence(version)),
        incidents,
        series: async (model) => sampleSeries(model),
        async route(model) {
          if (model === "phishing") return { champion: 3, shadow: 4, revision: 5, split: null };
          if (model === "passengers")
            return { champion: 1, shadow: null, revision: 1, split: null };
          const { champion, split, revision = 0 } = (await platform.serving.route(model)) ?? {};
          if (!champion) return null;
          const words = split ? splitInWords(split) : null;
          return { champion: champion.number, shadow: null, revision, split: words };
        },
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
        async promote({ model, version, reason }) {
          if (!sampleEvidence(version).verdict.pass)
            throw new MillwrightError(
              "gate_failed",
              `Version ${version.number} did not pass its gates.`,
            );
          await move(model, String(version.number), reason);
        },
        rollback: ({ model, reason }) => move(model, undefined, reason),
        importModel: () => Promise.reject(new Error("not part of this test")),
      }),
      ...pipelineRoutes({
        ...{ ...platform, engine, blobs: served.blobs },
        project: async () => ({
          ...(await platform.project()),
          definition: { datasets: {}, models: {}, ...(empty ? {} : { pipelines: { nightly } }) },
        }),
        schedules: {
          list: async () => [
            {
              ...{ name: "pipeline.nightly", pipeline: "nightly", every: "0 2 * * *", input: {} },
              ...{ nextAt: now + 5 * 3_600_000, lastAt: undefined },
            },
          ],
        },
      }),
      ...routeRoutes(platform),
      ...tryingRoutes({
        ...{ ...platform, runtime: served.runtime, blobs: served.blobs },
        breathe: async () => undefined,
      }),
      ...predictionRoutes({
        ...platform.predictions,
        erase: () => Promise.reject(new Error("not part of this test")),
        versions: (model) => registry.versions(model),
        async version(model, name) {
          const found = await registry.find(model, name);
          if (found) return found.id;
          throw new MillwrightError("not_found", `Model ${model} has no version "${name}".`);
        },
      }),
      ...runRoutes({
        tracked: tracking?.own.runs ?? { whole: async () => undefined },
        engine: empty ? { ...engine, list: async () => [] } : engine,
        clock,
        status: async () => ({
          project: empty ? "new-project" : "mail-security",
          version: "0.1.0",
          gateway: { url: "http://127.0.0.1:7401", ready: !empty, logFull },
          models: empty ? 0 : 6,
          openIncidents: (await incidents()).filter((i) => i.state === "open").length,
        }),
      }),
      ...datasetRoutes({
        names: async () => (empty ? [] : Object.keys(datasets)),
        versions: async (name) => datasets[name] ?? [],
      }),
      ...familyRoutes({
        families: families ?? ({ families: async () => [] } as unknown as FamilyStore),
        trainMembers: (model, members) =>
          engine.submit("train-family", { model, reason: "asked for by a person", members }),
      }),
      ...(tracking?.routes ?? []),
      ...incidentRoutes({ incidents, series: async (model) => sampleSeries(model) }),
    ],
  });
  return {
    ...server,
    async close(graceMs) {
      await server.close(graceMs);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
