/** The control process: API and console, schedules, triggers, shipping of the prediction log. */
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause, setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type App, VERSION } from "./app.ts";
import type { Config } from "./config.ts";
import { datasetRoutes } from "./datasets/routes.ts";
import { eventLog } from "./engine/events.ts";
import { openDesk } from "./engine/jobs/open-desk.ts";
import { JOB_BLOBS } from "./engine/jobs/open-jobs.ts";
import { schedules } from "./engine/schedule.ts";
import { runTriggers } from "./engine/triggers.ts";
import { MillwrightError } from "./errors.ts";
import { familyRoutes } from "./families/routes.ts";
import { shipRegularly } from "./gateway/prediction-log.ts";
import type { HttpRoute } from "./http/http.ts";
import { type ApiInfo, withOpenApi } from "./http/openapi.ts";
import { openServer } from "./http/server.ts";
import type { Json } from "./lib/json.ts";
import type { Log } from "./lib/log.ts";
import { METRICS_TYPE, renderMetrics } from "./lib/render-metrics.ts";
import { utf8Bytes } from "./lib/utf8.ts";
import { registryParts, type TrackingParts, trackingApi } from "./mlflow-api/mlflow-api.ts";
import { deliverRegularly, type ServedModels } from "./mlflow-api/registry-api.ts";
import { incidentView } from "./monitoring/incident-view.ts";
import { incidentRoutes } from "./monitoring/routes.ts";
import { seriesOf } from "./monitoring/series-view.ts";
import { erasePredictions } from "./pipelines/erase-predictions.ts";
import { importModel, NOT_JUDGED } from "./pipelines/import-model.ts";
import type { JudgeOutcome } from "./pipelines/judge.ts";
import type { Platform } from "./pipelines/platform.ts";
import { promote } from "./pipelines/promote.ts";
import { promoteByAlias } from "./pipelines/promote-by-alias.ts";
import { rollback } from "./pipelines/rollback.ts";
import { jobRoutes, pipelineRoutes, routeRoutes, tryingRoutes } from "./pipelines/routes.ts";
import type { ScoreInput } from "./pipelines/score.ts";
import type { TrainFamilyInput } from "./pipelines/train-family.ts";
import { schedulesOf, triggersOf } from "./pipelines/triggers.ts";
import { evidenceOf } from "./registry/evidence.ts";
import { type ModelRoutesDeps, modelRoutes } from "./registry/routes.ts";
import { shadowView } from "./registry/shadow-view.ts";
import { type ProcessMetrics, processMetrics } from "./runtime/process-metrics.ts";
import { type ScoreRequest, scoringRoutes } from "./scoring/routes.ts";
import { type PredictionRoutesDeps, predictionRoutes } from "./serving/log/routes.ts";
import { splitInWords } from "./serving/route-words.ts";
import { DEFAULT_RULE } from "./stats/sequential.ts";
import { checkInside, resultInside } from "./storage/columns/source-inside.ts";
import { keyIn, sealWith } from "./storage/seal.ts";
import { mlflowErrorBody, mlflowErrorStatus } from "./tracking/mlflow/errors.ts";
import { runRoutes } from "./tracking/routes.ts";
import { runMetrics } from "./tracking/run-metrics.ts";
import { isActive, subjectOf } from "./tracking/run-view.ts";

export interface Control {
  readonly url: string;
  close(): Promise<void>;
}

const CONTROL_API: ApiInfo = {
  ...{ title: "Millwright control", version: VERSION },
  description: "Models, datasets, runs and incidents: what the console shows and does.",
};
const PROJECT_EVERY_MS = 5000;
const SHIP_EVERY_MS = 5000;

export async function openControl(app: App, config: Config, log: Log): Promise<Control> {
  const { platform, sql } = app;
  const { engine, clock } = platform;
  const plan = schedules(sql, engine.submit);
  const triggers = await runTriggers({
    ...{ engine, clock, log, schedules: plan, events: eventLog(sql) },
    triggers: triggersOf(platform),
  });
  const project = await followProject(app, plan, log);
  const shipper = shipRegularly(
    { sql, blobs: platform.blobs, columns: platform.columns, log },
    { dataDir: config.dataDir, everyMs: SHIP_EVERY_MS },
  );
  const self = processMetrics();
  const parts: TrackingParts = {
    ...{ sql, blobs: platform.blobs, clock, log, chance: () => randomInt(2 ** 47) / 2 ** 47 },
    runLog: platform.tracking.runLog,
    registry: {
      seal: sealWith(config.secretKey ?? keyIn(join(config.dataDir, "secret.key"))),
      ...{ targets: config.webhookTargets, served: servedModels(platform) },
    },
  };
  const tracking = await trackingApi(parts, {
    ...{ artifactRoot: config.artifactRoot, artifactsDestination: config.artifactsDestination },
    scratch: join(config.dataDir, "scratch"),
  });
  const webhooks = await deliverRegularly(registryParts(parts));
  const server = await openServer({
    ...{ log, host: config.host, port: config.controlPort, token: config.token },
    staticDir: consoleFolder(),
    errorBody: mlflowErrorBody,
    errorStatus: mlflowErrorStatus,
    routes: withOpenApi(
      [
        ...runRoutes({
          ...{ engine, clock, tracked: platform.tracking.runs },
          status: () => statusOf(app, config),
        }),
        ...datasetRoutes({
          names: async () => Object.keys((await platform.project()).definition.datasets),
          versions: (dataset) => platform.datasets.versions(dataset),
        }),
        ...modelRoutes(modelDeps(platform)),
        ...scoringRoutes({ score: (request) => submitScore(platform, request) }),
        ...familyRoutes({
          families: platform.families,
          trainMembers: (model, members) =>
            engine.submit("train-family", {
              ...{ model, reason: "asked for by a person" },
              ...(members ? { members } : {}),
            } satisfies TrainFamilyInput),
        }),
        ...pipelineRoutes({ ...platform, schedules: plan }),
        ...routeRoutes(platform),
        ...tryingRoutes({ ...platform, breathe: () => setImmediate() }),
        ...predictionRoutes(predictionDeps(platform)),
        ...incidentRoutes({
          incidents: async (model) =>
            (await platform.monitoring.incidents(model)).map(incidentView),
          series: async (model) => seriesOf(await platform.monitoring.windows(model)),
        }),
        metricsRoute(platform, self),
        ...jobRoutes(openDesk({ sql, clock, blobs: platform.blobs.beside(JOB_BLOBS) })),
        ...tracking,
      ],
      CONTROL_API,
    ),
  });
  return {
    url: server.url,
    async close() {
      await server.close();
      await project.stop();
      await triggers.stop();
      await shipper.stop();
      await webhooks.stop();
      self.stop();
    },
  };
}

function metricsRoute(platform: Platform, self: ProcessMetrics): HttpRoute {
  const { engine, clock, monitoring } = platform;
  return {
    ...{ method: "GET", path: "/metrics", access: "open" },
    about: () => ({
      summary: "Runs and incidents in the words of Prometheus.",
      answer: { "text/plain": { type: "string" } },
    }),
    async handle() {
      const { definition } = await platform.project();
      const incidents = new Map(Object.keys(definition.models).map((model) => [model, 0]));
      for (const { model, state } of await monitoring.incidents())
        if (state === "open") incidents.set(model, (incidents.get(model) ?? 0) + 1);
      const runs = await runMetrics({ engine }, { now: clock.now(), incidents });
      return { body: renderMetrics([...runs, ...self.snapshot()]), type: METRICS_TYPE };
    },
  };
}

/** Keeps the schedules as the project says, and says so when its code has changed since a model was last trained. */
async function followProject(
  app: App,
  plan: ReturnType<typeof schedules>,
  log: Log,
): Promise<{ stop(): Promise<void> }> {
  const { platform } = app;
  let known: string | undefined;
  let turn: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const { definition, code, bundle } = await platform.project();
    if (bundle === known) return;
    const kept = await platform.blobs.put(utf8Bytes(bundle));
    const wanted = definition.replay ? [] : schedulesOf(definition, kept);
    for (const schedule of wanted) await plan.put(schedule, platform.clock.now());
    const names = new Set(wanted.map((schedule) => schedule.name));
    for (const { name } of await plan.list()) if (!names.has(name)) await plan.remove(name);
    // In a replay trainings are asked for with the time it has reached, which only who plays it knows.
    for (const model of definition.replay ? [] : Object.keys(definition.models)) {
      const [newest] = await platform.registry.versions(model);
      if (newest?.code !== undefined && newest.code !== code)
        await platform.announce("code.changed", model, { code }, platform.clock.now());
    }
    known = bundle;
  };
  await look();
  const timer = setInterval(() => {
    turn ??= look()
      .catch((error: Error) => log.warn(`the project cannot be read: ${error.message}`))
      .finally(() => {
        turn = undefined;
      });
  }, PROJECT_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await turn;
    },
  };
}

function predictionDeps(platform: Platform): PredictionRoutesDeps {
  const { predictions, registry } = platform;
  return {
    page: predictions.page,
    find: predictions.find,
    profile: predictions.profile,
    volumes: predictions.volumes,
    unmatched: predictions.unmatched,
    erase: (input) => erasePredictions(platform, { ...input, by: "control" }),
    versions: (model) => registry.versions(model),
    async version(model, name) {
      const found = await registry.find(model, name);
      if (found) return found.id;
      throw new MillwrightError("not_found", `Model ${model} has no version "${name}".`);
    },
  };
}

/** What people see of models and do with them: the stores as they are, the verbs with the words of the API. */
function modelDeps(platform: Platform): ModelRoutesDeps {
  const { registry, engine, serving, monitoring, blobs, clock } = platform;
  const now = () => ({ runId: undefined, at: clock.now() });
  return {
    registry,
    engine,
    familyOf: async (member) => (await platform.families.memberNamed(member))?.family,
    async defined() {
      const { models } = (await platform.project()).definition;
      return Object.entries(models).map(([name, { dataset, target }]) => ({
        name,
        dataset,
        target,
      }));
    },
    async evidence(version) {
      if (version.report === undefined) return undefined;
      const evaluation = await platform.evaluationOf(version);
      const kept = version.leaderboard && (await blobs.get(version.leaderboard));
      const leaderboard = kept && JSON.parse(new TextDecoder().decode(kept));
      return evidenceOf(evaluation, leaderboard);
    },
    incidents: async (model) => (await monitoring.incidents(model)).map(incidentView),
    series: async (model) => seriesOf(await monitoring.windows(model)),
    async route(model) {
      const { champion, shadow, split, revision } = (await serving.route(model)) ?? {};
      if (champion === undefined || revision === undefined) return null;
      return {
        ...{ champion: champion.number, shadow: shadow?.number ?? null, revision },
        split: split === undefined ? null : splitInWords(split),
      };
    },
    async shadow(model) {
      const shadow = (await serving.route(model))?.shadow;
      const [move] = await registry.moves(model, "challenger");
      if (!shadow || move?.version !== shadow.id) return null;
      const judged = (
        await engine.list({ pipeline: "judge", state: "succeeded", limit: 200 })
      ).find((run) => subjectOf(run.input) === model && run.createdAt >= move.at);
      const asked = (await platform.project()).definition.models[model]?.deploy?.shadow;
      return shadowView({
        challenger: shadow.number,
        since: move.at,
        minPairs: (asked ? asked.minLabels : undefined) ?? DEFAULT_RULE.minPairs,
        decision: (judged?.output as unknown as JudgeOutcome | undefined)?.decision,
      });
    },
    async train(model, again) {
      const active = (await engine.list({ pipeline: "train" })).find(
        (run) => isActive(run) && subjectOf(run.input) === model,
      );
      return (
        active?.id ?? engine.submit("train", { model, reason: "asked for by a person", again })
      );
    },
    async promote({ model, version, reason }) {
      if (version.report === undefined) {
        const stated = `${reason} (${NOT_JUDGED})`;
        const move = { model, version: version.id, verdict: undefined, guard: true, ...now() };
        await promote(platform, { ...move, reason: stated });
        return;
      }
      const { verdict } = await platform.evaluationOf(version);
      if (!verdict.pass)
        throw new MillwrightError(
          "gate_failed",
          `Version ${version.number} did not pass its gates. ${verdict.reasons.join(" ")} Override them with: millwright promote ${model} ${version.number} --force`,
        );
      const kept = verdict as unknown as Json;
      await promote(platform, {
        ...{ model, version: version.id, reason, verdict: kept, guard: true },
        ...now(),
      });
    },
    async importModel({ model, file, onnx, promote: wanted = "first", reason, ...options }) {
      if (wanted === "always" && !reason)
        throw new MillwrightError(
          "invalid_input",
          "reason: should say why an imported version, which no gate has judged, shall replace the champion.",
        );
      const { version, promoted } = await importModel(platform, {
        ...{ model, file, options, promote: wanted, reason },
        bytes: new Uint8Array(Buffer.from(onnx, "base64")),
      });
      const { number, id, origin } = version;
      return { model, number, id, promoted, notes: [...(origin?.notes ?? [])] };
    },
    async rollback({ model, reason }) {
      await rollback(platform, { model, reason, verdict: undefined, ...now() });
    },
  };
}

/** For MLflow's clients: an alias that they set is a promotion as any other. */
function servedModels(platform: Platform): ServedModels {
  return {
    names: async () => Object.keys((await platform.project()).definition.models),
    promoteByAlias: (model, number) =>
      promoteByAlias({ ...platform, pause: (ms) => pause(ms) }, { model, number }),
  };
}

async function submitScore(platform: Platform, request: ScoreRequest) {
  const { model, source, forward, version, reasons, top } = request;
  const { definition, folder } = await platform.project();
  const wanted = String(version ?? "champion");
  const found = await platform.registry.find(model, wanted);
  if (!found) throw new MillwrightError("not_found", `Model ${model} has no version ${wanted}.`);
  const handOn = forward === true ? definition.models[model]?.forward : forward;
  if (forward === true && !handOn)
    throw new MillwrightError(
      "invalid_input",
      `forward: true: the project says nothing of forwarding for ${model}. Give { to, capacity }, or write it into millwright.config.ts.`,
    );
  await checkInside(source, folder);
  const out = await resultInside(request.out, folder);
  const runId = await platform.engine.submit("score", {
    ...{ model, source, folder, out },
    ...(version === undefined ? {} : { version: found.id }),
    ...(reasons === undefined ? {} : { reasons }),
    ...(top === undefined ? {} : { top }),
    ...(handOn ? { forward: handOn } : {}),
  } satisfies ScoreInput);
  return { runId, out };
}

/** Whether the gateway would answer a prediction now, and keep it. */
async function gatewayState(url: string): Promise<{ ready: boolean; logFull: boolean }> {
  const ask = (path: string) => fetch(url + path, { signal: AbortSignal.timeout(500) });
  try {
    const [ready, metrics] = await Promise.all([ask("/v2/health/ready"), ask("/metrics")]);
    return { ready: ready.ok, logFull: /^millwright_log_full 1$/m.test(await metrics.text()) };
  } catch {
    return { ready: false, logFull: false };
  }
}

async function statusOf(app: App, config: Config) {
  const { platform } = app;
  const { definition } = await platform.project();
  const incidents = await platform.monitoring.incidents();
  const registered = await platform.registry.models();
  const gateway = `http://${config.host}:${config.gatewayPort}`;
  return {
    project: definition.name ?? config.project.split("/").at(-1) ?? "",
    version: VERSION,
    gateway: { url: gateway, ...(await gatewayState(gateway)) },
    models: new Set([...Object.keys(definition.models), ...registered]).size,
    openIncidents: incidents.filter((incident) => incident.state === "open").length,
  };
}

function consoleFolder(): string | undefined {
  const folder = fileURLToPath(new URL("./web", import.meta.url));
  return existsSync(folder) ? folder : undefined;
}
