// test/browser/chromium.ts
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";
var NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
var runs = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
function chromiumPath() {
  const named = process.env.CHROMIUM;
  const candidates = named ? [named] : [
    "/usr/bin/chromium",
    ...(process.env.PATH ?? "").split(delimiter).flatMap((dir) => NAMES.map((name) => join(dir, name)))
  ];
  const found = candidates.find(runs);
  if (found) return found;
  throw new Error(
    named ? `CHROMIUM=${named} cannot be run.` : "The browser tests need Chromium. Install it (Debian, Ubuntu: `apt-get install -y chromium`; macOS: `brew install --cask chromium`), or set CHROMIUM to the path of a Chromium or Chrome."
  );
}
async function openBrowser() {
  const profile = mkdtempSync(join(tmpdir(), "millwright-chromium-"));
  const browser = await chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync"
    ],
    env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile }
  });
  return {
    browser,
    async page({ width = 1440, height = 900, dark = false } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: dark ? "dark" : "light",
        reducedMotion: "reduce"
      });
      const page = await context.newPage();
      const problems = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning")
          problems.push(message.text());
      });
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("response", (response) => {
        if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
      });
      return { page, problems, context };
    },
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    }
  };
}

// test/browser/sample-server.ts
import { fileURLToPath } from "node:url";

// sdk/src/contract/datasets.ts
import { z } from "zod";

// sdk/src/contract/endpoint.ts
var endpoint = (entry) => entry;
var pathParameters = (path) => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);

// sdk/src/contract/datasets.ts
var AnomalyShape = z.object({
  kind: z.string(),
  severity: z.enum(["suspicious", "broken"]),
  column: z.string().nullable(),
  rows: z.number(),
  examples: z.array(z.string()),
  message: z.string()
});
var Column = z.object({
  name: z.string(),
  type: z.enum(["number", "string", "time"]),
  role: z.enum([
    "target",
    "numeric",
    "category",
    "text",
    "time",
    "id",
    "constant",
    "leak",
    "ignore"
  ]),
  /** Why the role was chosen. */
  reason: z.string(),
  /** Largest share of missing values that is still normal, 0..1. */
  missing: z.number(),
  range: z.object({ min: z.number(), max: z.number() }).nullable(),
  /** The first known values, and how many there are in all. */
  domain: z.object({ values: z.array(z.string()), known: z.number() }).nullable()
});
var VersionRef = z.object({
  id: z.string(),
  rows: z.number(),
  columns: z.number(),
  suspicious: z.number(),
  broken: z.number(),
  quarantined: z.number(),
  createdAt: z.number()
});
var DatasetSummary = z.object({
  name: z.string(),
  versions: z.number(),
  latest: VersionRef.nullable()
});
var DatasetDetail = z.object({
  name: z.string(),
  /** Newest first. */
  versions: z.array(VersionRef),
  /** The version shown: the one asked for, else the newest. */
  version: VersionRef,
  columns: z.array(Column),
  anomalies: z.array(AnomalyShape),
  sources: z.array(z.object({ uri: z.string(), digest: z.string() }))
});
var datasets = {
  datasets: endpoint({
    method: "GET",
    path: "/api/datasets",
    summary: "Every dataset with its newest version.",
    input: z.object({}),
    output: z.object({ datasets: z.array(DatasetSummary) })
  }),
  dataset: endpoint({
    method: "GET",
    path: "/api/datasets/{dataset}",
    summary: "One dataset: versions, schema, anomalies, quarantined rows, sources.",
    input: z.object({
      dataset: z.string().min(1).max(100),
      /** The beginning of a digest; the newest when left out. */
      version: z.string().max(80).optional()
    }),
    output: DatasetDetail
  })
};

// sdk/src/contract/errors.ts
var ERROR_CODES = {
  invalid_input: { status: 400, retryable: false },
  invalid_config: { status: 400, retryable: false },
  invalid_data: { status: 422, retryable: false },
  invalid_model: { status: 422, retryable: false },
  unauthorized: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  conflict: { status: 409, retryable: false },
  gate_failed: { status: 409, retryable: false },
  payload_too_large: { status: 413, retryable: false },
  unsupported: { status: 415, retryable: false },
  cancelled: { status: 409, retryable: false },
  overloaded: { status: 429, retryable: true },
  unavailable: { status: 503, retryable: true },
  storage_full: { status: 507, retryable: true },
  timeout: { status: 504, retryable: true },
  internal: { status: 500, retryable: true }
};

// src/errors.ts
var MillwrightError = class extends Error {
  name = "MillwrightError";
  code;
  details;
  constructor(code, message, options = {}) {
    super(message, options.cause === void 0 ? void 0 : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
  get status() {
    return ERROR_CODES[this.code].status;
  }
  get retryable() {
    return ERROR_CODES[this.code].retryable;
  }
};

// src/http/mount.ts
function mount(contract, handlers) {
  return Object.entries(contract).map(([name, endpoint2]) => {
    const handler = handlers[name];
    const input = endpoint2.input.strict();
    const fromQuery = endpoint2.method === "GET" || endpoint2.method === "DELETE";
    const parameters = pathParameters(endpoint2.path);
    return {
      method: endpoint2.method,
      path: endpoint2.path,
      async handle(request) {
        const given = fromQuery ? request.query : bodyOf(request.body);
        const clash = parameters.find((parameter) => parameter in given);
        if (clash !== void 0)
          throw new MillwrightError(
            "invalid_input",
            `${clash}: belongs in the path ${endpoint2.path} only; leave it out of the ${fromQuery ? "query" : "body"}.`
          );
        const checked = input.safeParse({ ...given, ...request.params });
        if (!checked.success) throw invalidInput(checked.error);
        return { body: await handler(checked.data, request) };
      }
    };
  });
}
function bodyOf(body) {
  if (body === void 0) return {};
  if (typeof body === "object" && body !== null && !Array.isArray(body))
    return body;
  throw new MillwrightError("invalid_input", "The body must be a JSON object.");
}
function invalidInput(error) {
  const problems = error.issues.slice(0, 50).map((issue) => ({ field: issue.path.join("."), message: issue.message }));
  const text = problems.slice(0, 5).map(({ field, message }) => field === "" ? message : `${field}: ${message}`).join("; ");
  return new MillwrightError("invalid_input", text, { details: { problems } });
}

// src/datasets/dataset-view.ts
var SHOWN_VALUES = 12;
var datasetVersionRef = (version) => ({
  id: version.id,
  rows: version.rows,
  columns: version.schema.columns.length,
  suspicious: version.anomalies.filter((a) => a.severity === "suspicious").length,
  broken: version.anomalies.filter((a) => a.severity === "broken").length,
  quarantined: version.quarantine?.rows ?? 0,
  createdAt: version.createdAt
});
var columnView = (column2) => ({
  name: column2.name,
  type: column2.type,
  role: column2.role,
  reason: column2.reason,
  missing: column2.missing,
  range: column2.range ?? null,
  domain: column2.domain ? {
    values: column2.domain.values.slice(0, SHOWN_VALUES),
    known: column2.domain.values.length
  } : null
});
var datasetDetail = (version, versions) => ({
  name: version.dataset,
  versions: versions.map(datasetVersionRef),
  version: datasetVersionRef(version),
  columns: version.schema.columns.map(columnView),
  anomalies: [...version.anomalies].sort(
    (a, b2) => a.severity === b2.severity ? b2.rows - a.rows : a.severity === "broken" ? -1 : 1
  ).map((a) => ({ ...a, column: a.column ?? null, examples: [...a.examples] })),
  sources: version.lineage.sources.map(({ uri, digest }) => ({ uri, digest }))
});

// src/datasets/routes.ts
var datasetRoutes = (deps) => mount(datasets, {
  async datasets() {
    const names = await deps.names();
    const versions = await Promise.all(names.map((name) => deps.versions(name)));
    return {
      datasets: names.map((name, i) => ({
        name,
        versions: versions[i].length,
        latest: versions[i][0] ? datasetVersionRef(versions[i][0]) : null
      }))
    };
  },
  async dataset({ dataset, version: wanted }) {
    const versions = await deps.versions(dataset);
    const version = wanted === void 0 ? versions[0] : versions.find((v) => v.id.startsWith(wanted) || v.id.startsWith(`sha256:${wanted}`));
    if (version) return datasetDetail(version, versions);
    throw new MillwrightError(
      "not_found",
      versions.length > 0 ? `Dataset ${dataset} has no version ${wanted}; the newest is ${versions[0].id.slice(0, 19)}.` : `Dataset ${dataset} has no version yet. \`millwright train\` reads its source and makes the first.`
    );
  }
});

// src/http/server.ts
import { timingSafeEqual } from "node:crypto";
import { Readable } from "node:stream";
import fastifyStatic from "@fastify/static";
import Fastify from "fastify";

// src/http/problem.ts
var FRAMEWORK = {
  FST_ERR_CTP_BODY_TOO_LARGE: "payload_too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported",
  FST_ERR_NOT_FOUND: "not_found"
};
function asMillwrightError(error) {
  if (error instanceof MillwrightError) return error;
  const { code, statusCode, message } = error ?? {};
  if (statusCode !== void 0 && statusCode < 500)
    return new MillwrightError(
      FRAMEWORK[code ?? ""] ?? "invalid_input",
      message ?? "The request could not be read.",
      { cause: error }
    );
  return new MillwrightError("internal", "Something went wrong here; the log has the details.", {
    cause: error
  });
}
function problemOf(error) {
  return {
    type: `urn:millwright:error:${error.code}`,
    title: error.code.replaceAll("_", " "),
    status: ERROR_CODES[error.code].status,
    code: error.code,
    detail: error.message,
    ...Object.keys(error.details).length > 0 ? { details: error.details } : {}
  };
}

// src/http/server.ts
async function openServer(options) {
  const host = options.host ?? "127.0.0.1";
  if (!isLoopback(host) && (options.token ?? "") === "")
    throw new MillwrightError(
      "invalid_config",
      `Refusing to listen on ${host} without a token: everybody who reaches it could use it. Set a token, or listen on 127.0.0.1.`
    );
  const app = Fastify({
    bodyLimit: options.bodyLimit ?? 16 * 1024 * 1024,
    requestTimeout: options.timeoutMs ?? 3e4,
    keepAliveTimeout: 65e3,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
    genReqId: requestIds(),
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply, options.log),
    forceCloseConnections: "idle"
  });
  app.addContentTypeParser(/^text\//, { parseAs: "string" }, (_, body, done) => done(null, body));
  app.addHook("onRequest", guard(options, host));
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, options.log));
  if (options.staticDir !== void 0)
    await app.register(fastifyStatic, { root: options.staticDir, wildcard: false });
  for (const route of options.routes) add(app, route, options);
  app.setNotFoundHandler(notFound(options));
  if (options.onAnswer !== void 0) {
    const { onAnswer } = options;
    app.addHook("onResponse", async (request, reply) => {
      onAnswer(request.routeOptions.url ?? "unknown", reply.statusCode, reply.elapsedTime);
    });
  }
  await listen(app, host, options.port);
  const { port } = app.server.address();
  const shown = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return {
    url: `http://${shown.includes(":") ? `[${shown}]` : shown}:${port}`,
    close: (drainMs = 1e4) => close(app, drainMs)
  };
}
function add(app, route, options) {
  const timeoutMs = options.timeoutMs ?? 3e4;
  app.route({
    method: route.method,
    url: fastifyPath(route.path),
    config: { open: route.access === "open" },
    handler: async (request, reply) => {
      const answer = await withDeadline(
        route.handle({
          id: request.id,
          params: request.params,
          query: request.query,
          headers: request.headers,
          body: request.body ?? void 0,
          at: Date.now()
        }),
        timeoutMs
      );
      return send(reply, answer, request.id);
    }
  });
}
function send(reply, answer, id) {
  reply.code(answer.status ?? 200).header("x-request-id", id);
  if (answer.headers !== void 0) reply.headers(answer.headers);
  if (answer.type === void 0)
    return reply.type("application/json; charset=utf-8").send(answer.body === void 0 ? "{}" : JSON.stringify(answer.body));
  const { body } = answer;
  const streamed = typeof body === "object" && body !== null && Symbol.asyncIterator in body;
  return reply.type(answer.type).send(streamed ? Readable.from(body) : body);
}
function sendProblem(thrown, request, reply, log) {
  const error = asMillwrightError(thrown);
  if (error.code === "internal")
    log.error("request failed", {
      request: request.id,
      route: request.routeOptions.url,
      error: error.cause instanceof Error ? error.cause.stack : String(error.cause ?? error.stack)
    });
  if (error.code === "overloaded" || error.code === "unavailable") reply.header("retry-after", "1");
  if (error.code === "unauthorized") reply.header("www-authenticate", "Bearer");
  return reply.code(error.status).header("x-request-id", request.id).type("application/problem+json; charset=utf-8").send(JSON.stringify(problemOf(error)));
}
function guard(options, host) {
  const expected = options.token === void 0 ? void 0 : Buffer.from(options.token);
  return async (request) => {
    if (expected !== void 0) {
      const { open } = request.routeOptions.config;
      if (open !== false) return;
      const given = Buffer.from(
        /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? ""
      );
      if (given.length === expected.length && timingSafeEqual(given, expected)) return;
      throw new MillwrightError(
        "unauthorized",
        "This server needs a token: send the header `Authorization: Bearer <token>`."
      );
    }
    const { host: named = host, origin } = request.headers;
    if (!isLoopback(hostName(named)))
      throw new MillwrightError(
        "forbidden",
        `Host ${named} is not this machine. Without a token only localhost and 127.0.0.1 are answered.`
      );
    if (origin !== void 0 && origin !== `http://${named}`)
      throw new MillwrightError("forbidden", `Requests from pages of ${origin} are not accepted.`);
  };
}
var hostName = (host) => host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
var isLoopback = (host) => host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
var fastifyPath = (path) => path.replace(/\{(\w+)\}/g, ":$1");
function notFound(options) {
  const patterns = options.routes.map((route) => ({
    method: route.method,
    pattern: new RegExp(
      `^${route.path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, "[^/]+")}/?$`
    )
  }));
  return async (request, reply) => {
    const path = request.url.split("?", 1)[0];
    const allowed = patterns.filter((p) => p.pattern.test(path)).map((p) => p.method);
    if (allowed.length > 0) {
      reply.header("allow", allowed.join(", "));
      throw new MillwrightError(
        "method_not_allowed",
        `${request.method} is not possible on ${path}; use ${allowed.join(" or ")}.`
      );
    }
    const wantsPage = request.method === "GET" && request.headers.accept?.includes("text/html");
    if (options.staticDir !== void 0 && wantsPage) return reply.sendFile("index.html");
    throw new MillwrightError("not_found", `Nothing is at ${path.slice(0, 200)}.`);
  };
}
function requestIds() {
  const start = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  let count = 0;
  return ({ headers }) => {
    const given = headers["x-request-id"];
    if (typeof given === "string" && /^[\w.:-]{1,100}$/.test(given)) return given;
    return `req_${start}_${(count++).toString(36)}`;
  };
}
async function withDeadline(work, timeoutMs) {
  if (!(work instanceof Promise)) return work;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new MillwrightError("timeout", `No answer within ${timeoutMs} ms.`)),
      timeoutMs
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
async function listen(app, host, port) {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const { code } = cause;
    if (code === "EADDRINUSE")
      throw new MillwrightError(
        "conflict",
        `Port ${port} on ${host} is taken by another process. Stop it, or choose another port.`,
        { cause }
      );
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new MillwrightError("invalid_config", `host ${host} is no address of this machine.`, {
        cause
      });
    if (code === "EACCES")
      throw new MillwrightError(
        "invalid_config",
        `Port ${port} needs more rights than this process has. Choose one above 1023.`,
        { cause }
      );
    throw cause;
  }
}
async function close(app, drainMs) {
  const server = app.server;
  const force = setTimeout(() => server.closeAllConnections(), drainMs);
  await app.close().finally(() => clearTimeout(force));
}

// sdk/src/contract/incidents.ts
import { z as z3 } from "zod";

// sdk/src/contract/shapes.ts
import { z as z2 } from "zod";
var RunStateShape = z2.enum([
  "queued",
  "running",
  "waiting",
  "succeeded",
  "failed",
  "cancelled"
]);
var MetricShape = z2.object({
  name: z2.string(),
  /** For people. */
  title: z2.string(),
  /** `share`: 0..1; `target`: in the target's own unit; `loss`: no unit. */
  unit: z2.enum(["share", "target", "loss"]),
  better: z2.enum(["higher", "lower"]),
  value: z2.number(),
  low: z2.number().nullable(),
  high: z2.number().nullable()
});
var RunSummaryShape = z2.object({
  id: z2.string(),
  pipeline: z2.string(),
  /** The model or dataset the run is about, when its input names one. */
  subject: z2.string().nullable(),
  state: RunStateShape,
  createdAt: z2.number(),
  finishedAt: z2.number().nullable(),
  progress: z2.object({ step: z2.string(), message: z2.string(), fraction: z2.number().nullable() }).nullable(),
  /** In words, with what to do; null unless failed. */
  error: z2.string().nullable(),
  /** What a finished run decided, in words, when it was there to decide. */
  decision: z2.string().nullable()
});
var IncidentShape = z2.object({
  id: z2.string(),
  model: z2.string(),
  state: z2.enum(["open", "resolved"]),
  openedAt: z2.number(),
  resolvedAt: z2.number().nullable(),
  title: z2.string(),
  /** The likely cause, in words. */
  cause: z2.string(),
  /** The estimated loss, in words; null when it cannot be known. */
  loss: z2.string().nullable(),
  /** What is being done or should be done. */
  action: z2.string(),
  /** What was found, the worst first. */
  findings: z2.array(
    z2.object({
      /** `drift`, `performance`, `volume`, `missing` … */
      kind: z2.string(),
      column: z2.string().nullable(),
      message: z2.string()
    })
  )
});
var SeriesShape = z2.object({
  name: z2.string(),
  /** `performance`, `drift`, `volume`, `missing`. */
  kind: z2.string(),
  /** For people. */
  title: z2.string(),
  better: z2.enum(["higher", "lower"]).nullable(),
  points: z2.array(
    z2.object({
      from: z2.number(),
      to: z2.number(),
      rows: z2.number(),
      /** null = not enough rows in this window to say. */
      value: z2.number().nullable(),
      low: z2.number().nullable(),
      high: z2.number().nullable(),
      /** Beyond this the window counts as an alarm. */
      threshold: z2.number().nullable(),
      /** What was promised or is usual, where that is a number. */
      expected: z2.number().nullable(),
      alarm: z2.boolean()
    })
  )
});

// sdk/src/contract/incidents.ts
var incidents = {
  incidents: endpoint({
    method: "GET",
    path: "/api/incidents",
    summary: "Incidents, newest first.",
    input: z3.object({
      model: z3.string().max(100).optional(),
      state: z3.enum(["open", "resolved"]).optional()
    }),
    output: z3.object({ incidents: z3.array(IncidentShape) })
  }),
  windows: endpoint({
    method: "GET",
    path: "/api/models/{model}/windows",
    summary: "What monitoring measured, window by window.",
    input: z3.object({ model: z3.string().min(1).max(100) }),
    output: z3.object({ series: z3.array(SeriesShape) })
  })
};

// src/monitoring/routes.ts
var incidentRoutes = (deps) => mount(incidents, {
  async incidents({ model, state }) {
    const all = await deps.incidents(model);
    return { incidents: all.filter((i) => state === void 0 || i.state === state) };
  },
  async windows({ model }) {
    return { series: [...await deps.series(model)] };
  }
});

// sdk/src/contract/models.ts
import { z as z4 } from "zod";
var VersionRef2 = z4.object({
  number: z4.number(),
  id: z4.string(),
  trainer: z4.string(),
  createdAt: z4.number(),
  /** The metric the model is chosen by, on the final test rows. */
  metric: MetricShape.nullable()
});
var ModelSummary = z4.object({
  name: z4.string(),
  task: z4.enum(["binary", "multiclass", "regression"]).nullable(),
  target: z4.string().nullable(),
  versions: z4.number(),
  champion: VersionRef2.nullable(),
  challenger: VersionRef2.nullable(),
  openIncidents: z4.array(IncidentShape),
  lastRun: RunSummaryShape.nullable(),
  /** The monitored performance, or what stands in for it while labels are missing; null before the first window. */
  monitored: SeriesShape.nullable()
});
var Verdict = z4.object({
  pass: z4.boolean(),
  /** One sentence. */
  summary: z4.string(),
  gates: z4.array(
    z4.object({
      gate: z4.string(),
      outcome: z4.enum(["pass", "warn", "fail"]),
      /** What was seen, with numbers, and on failure what to do. */
      reason: z4.string()
    })
  ),
  /** What the held-out rows could not have shown. */
  unseen: z4.string().nullable()
});
var Version = VersionRef2.extend({
  aliases: z4.array(z4.enum(["champion", "challenger"])),
  metrics: z4.array(MetricShape),
  verdict: Verdict.nullable(),
  dataset: z4.string(),
  code: z4.string(),
  onnx: z4.string(),
  parent: z4.number().nullable(),
  seed: z4.number(),
  params: z4.record(z4.string(), z4.unknown()),
  environment: z4.object({ node: z4.string(), millwright: z4.string(), runtime: z4.string() }),
  runId: z4.string()
});
var Standing = z4.object({
  candidate: z4.string(),
  trainer: z4.string(),
  params: z4.record(z4.string(), z4.unknown()),
  state: z4.enum(["racing", "finished", "dropped", "failed", "not tried"]),
  /** Mean over folds and its 95 % interval; null before the first fold. */
  metric: MetricShape.nullable(),
  folds: z4.number(),
  seconds: z4.number(),
  /** Number of free numbers. */
  complexity: z4.number(),
  error: z4.string().nullable(),
  winner: z4.boolean()
});
var Leaderboard = z4.object({
  version: z4.number(),
  metric: z4.string(),
  better: z4.enum(["higher", "lower"]),
  /** Why the winner was chosen, in one sentence. */
  reason: z4.string(),
  folds: z4.number(),
  /** Rows the candidates were trained on, and rows kept back for the final test. */
  trainedRows: z4.number(),
  testRows: z4.number(),
  /** Candidates that were not started because the budget was used up. */
  notTried: z4.number(),
  /** Best first. */
  standings: z4.array(Standing)
});
var ReportSummary = z4.object({
  version: z4.number(),
  /** How the rows were split and why, in one sentence; null when it was not kept. */
  split: z4.string().nullable(),
  /** Held-out rows with a known target. */
  rows: z4.number(),
  /** Name of the metric the model is chosen by. */
  primary: z4.string(),
  metrics: z4.array(MetricShape),
  /** The best trivial model and the champion of that time on the same rows, by the primary metric. */
  baseline: z4.object({ name: z4.string(), value: z4.number() }).nullable(),
  champion: z4.object({ name: z4.string(), value: z4.number() }).nullable(),
  /** Against all other rows; the worst first. */
  slices: z4.array(
    z4.object({
      column: z4.string(),
      value: z4.string(),
      rows: z4.number(),
      metric: MetricShape,
      rest: z4.number(),
      /** Significantly worse than the rest, corrected for looking at many slices. */
      worse: z4.boolean()
    })
  ),
  /** Binary: what was promised and what happened, by tenths of the probability. */
  calibration: z4.array(
    z4.object({
      from: z4.number(),
      to: z4.number(),
      rows: z4.number(),
      predicted: z4.number(),
      observed: z4.number()
    })
  ),
  confusion: z4.object({
    classes: z4.array(z4.string()),
    /** counts[truth][said] */
    counts: z4.array(z4.array(z4.number()))
  }).nullable()
});
var AliasMoveShape = z4.object({
  alias: z4.enum(["champion", "challenger"]),
  version: z4.number().nullable(),
  previous: z4.number().nullable(),
  reason: z4.string(),
  verdict: Verdict.nullable(),
  runId: z4.string().nullable(),
  at: z4.number()
});
var Shadow = z4.object({
  challenger: z4.number(),
  since: z4.number().nullable(),
  /** Rows that both answered and whose truth is known. */
  pairs: z4.number(),
  needed: z4.number(),
  /** Evidence so far that the challenger is better; 20 decides. */
  eValue: z4.number().nullable(),
  /** What was decided or is awaited, in words. */
  text: z4.string()
});
var ModelDetail = ModelSummary.extend({
  dataset: z4.string().nullable(),
  /** Newest first. */
  history: z4.array(Version),
  moves: z4.array(AliasMoveShape),
  leaderboard: Leaderboard.nullable(),
  report: ReportSummary.nullable(),
  route: z4.object({ champion: z4.number(), shadow: z4.number().nullable(), revision: z4.number() }).nullable(),
  shadow: Shadow.nullable(),
  /** The version a rollback would make champion; null when there is none before. */
  rollbackTo: z4.number().nullable(),
  runs: z4.array(RunSummaryShape)
});
var Name = z4.object({ model: z4.string().min(1).max(100) });
var Started = z4.object({ runId: z4.string() });
var Moved = z4.object({
  model: z4.string(),
  champion: z4.number().nullable(),
  previous: z4.number().nullable(),
  reason: z4.string()
});
var models = {
  models: endpoint({
    method: "GET",
    path: "/api/models",
    summary: "Every model with its champion, challenger, open incidents and last run.",
    input: z4.object({}),
    output: z4.object({ models: z4.array(ModelSummary) })
  }),
  model: endpoint({
    method: "GET",
    path: "/api/models/{model}",
    summary: "One model: versions, verdicts, alias history, leaderboard, report, route and shadow state.",
    input: Name,
    output: ModelDetail
  }),
  train: endpoint({
    method: "POST",
    path: "/api/models/{model}/train",
    summary: "Starts a training run, or answers with the one already under way.",
    input: Name,
    output: Started
  }),
  promote: endpoint({
    method: "POST",
    path: "/api/models/{model}/promote",
    summary: "Makes a version champion if its gates allow it; else 409 `gate_failed` with the reasons.",
    input: Name.extend({
      /** Number, alias or the beginning of a digest. */
      version: z4.string().min(1).max(80),
      /** Kept with the move. */
      reason: z4.string().max(500).optional()
    }),
    output: Moved
  }),
  rollback: endpoint({
    method: "POST",
    path: "/api/models/{model}/rollback",
    summary: "Makes the previous champion answer again.",
    input: Name.extend({ reason: z4.string().max(500).optional() }),
    output: Moved
  })
};

// src/tracking/run-view.ts
var ACTIVE = /* @__PURE__ */ new Set(["queued", "running", "waiting"]);
var isActive = (run) => ACTIVE.has(run.state);
function subjectOf(input) {
  const fields = fieldsOf(input);
  return [fields.model, fields.dataset].find((name) => typeof name === "string");
}
var fieldsOf = (value) => value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
var runSummary = (run) => ({
  id: run.id,
  pipeline: run.pipeline,
  subject: subjectOf(run.input) ?? null,
  state: run.state,
  createdAt: run.createdAt,
  finishedAt: run.finishedAt ?? null,
  progress: run.progress ? { ...run.progress, fraction: run.progress.fraction ?? null } : null,
  error: run.error ?? null,
  decision: decisionOf(run.output) ?? null
});
function decisionOf(output) {
  const { decision } = fieldsOf(output ?? null);
  if (typeof decision === "string") return decision;
  const { reason } = fieldsOf(decision ?? null);
  return typeof reason === "string" ? reason : void 0;
}
var runDetail = (run, steps) => ({
  ...runSummary(run),
  input: run.input,
  output: run.output ?? null,
  steps: steps.map((step) => ({
    name: step.name,
    state: step.state,
    attempts: step.attempts,
    startedAt: step.startedAt ?? null,
    finishedAt: step.finishedAt ?? null,
    error: step.error ?? null
  }))
});

// src/registry/champion-stack.ts
function championStack(moves) {
  const stack = [];
  for (const { version } of [...moves].reverse()) {
    if (version === void 0) stack.length = 0;
    else if (version === stack[1]) stack.shift();
    else if (version !== stack[0]) stack.unshift(version);
  }
  return stack;
}

// src/stats/descriptive.ts
function mean(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
function weightedMean(values, weights) {
  if (weights === void 0) return mean(values);
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    sum += weights[i] * values[i];
    total += weights[i];
  }
  return sum / total;
}
function variance(values) {
  const m = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - m) ** 2;
  return values.length < 2 ? Number.NaN : sum / (values.length - 1);
}

// src/stats/special.ts
var LANCZOS = [
  0.9999999999998099,
  676.5203681218851,
  -1259.1392167224028,
  771.3234287776531,
  -176.6150291621406,
  12.507343278686905,
  -0.13857109526572012,
  9984369578019572e-21,
  15056327351493116e-23
];
function logGamma(x) {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z6 = x - 1;
  let sum = LANCZOS[0];
  for (let i = 1; i < 9; i++) sum += LANCZOS[i] / (z6 + i);
  const t = z6 + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z6 + 0.5) * Math.log(t) - t + Math.log(sum);
}
function gammaIncomplete(a, x) {
  if (x <= 0) return { lower: 0, upper: 1 };
  if (x === Number.POSITIVE_INFINITY) return { lower: 1, upper: 0 };
  const front = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 1e5; n++) {
      term *= x / (a + n);
      sum += term;
      if (term < sum * 1e-17) break;
    }
    const lower = Math.min(1, sum * front);
    return { lower, upper: 1 - lower };
  }
  let b2 = x + 1 - a;
  let c = 1e300;
  let d = 1 / b2;
  let h = d;
  for (let i = 1; i < 1e5; i++) {
    const an = -i * (i - a);
    b2 += 2;
    d = 1 / nonZero(an * d + b2);
    c = nonZero(b2 + an / c);
    const step = c * d;
    h *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  const upper = Math.min(1, front * h);
  return { lower: 1 - upper, upper };
}
var nonZero = (x) => Math.abs(x) < 1e-300 ? 1e-300 : x;
function erfc(x) {
  const { lower, upper } = gammaIncomplete(0.5, x * x);
  return x < 0 ? 1 + lower : upper;
}

// src/stats/distributions.ts
var normalCdf = (z6) => 0.5 * erfc(-z6 / Math.SQRT2);
function normalQuantile(p) {
  if (p <= 0) return p === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (p >= 1) return p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (p > 0.5) return -normalQuantile(1 - p);
  const tail = p < 0.02425;
  const x = tail ? tailStart(Math.sqrt(-2 * Math.log(p))) : centreStart(p - 0.5);
  const error = (normalCdf(x) - p) * Math.sqrt(2 * Math.PI) * Math.exp(x * x / 2);
  return Number.isFinite(error) ? x - error / (1 + x * error / 2) : x;
}
var tailStart = (q) => polynomial(
  q,
  [
    -0.007784894002430293,
    -0.3223964580411365,
    -2.400758277161838,
    -2.549732539343734,
    4.374664141464968,
    2.938163982698783
  ]
) / polynomial(
  q,
  [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1]
);
var centreStart = (q) => polynomial(
  q * q,
  [
    -39.69683028665376,
    220.9460984245205,
    -275.9285104469687,
    138.357751867269,
    -30.66479806614716,
    2.506628277459239
  ]
) * q / polynomial(
  q * q,
  [
    -54.47609879822406,
    161.5858368580409,
    -155.6989798598866,
    66.80131188771972,
    -13.28068155288572,
    1
  ]
);
function polynomial(x, coefficients) {
  let sum = 0;
  for (const c of coefficients) sum = sum * x + c;
  return sum;
}

// src/stats/intervals.ts
function wilson(successes, n, confidence = 0.95) {
  if (n <= 0) return { value: Number.NaN, lower: 0, upper: 1 };
  const z6 = normalQuantile(0.5 + confidence / 2);
  const p = successes / n;
  const centre = p + z6 * z6 / (2 * n);
  const half = z6 * Math.sqrt(p * (1 - p) / n + z6 * z6 / (4 * n * n));
  const scale = 1 + z6 * z6 / n;
  return {
    value: p,
    lower: successes <= 0 ? 0 : Math.max(0, (centre - half) / scale),
    upper: successes >= n ? 1 : Math.min(1, (centre + half) / scale)
  };
}

// src/evaluation/confusion.ts
function predictedClass({ values, width }, row) {
  if (width === 1) return values[row] >= 0.5 ? 1 : 0;
  let best = 0;
  for (let k = 1; k < width; k++)
    if (values[row * width + k] > values[row * width + best]) best = k;
  return best;
}
var classCount = (scores) => scores.width === 1 ? 2 : scores.width;
function confusionCounts(scores, target, weights) {
  const classes = classCount(scores);
  const counts = new Float64Array(classes * classes);
  for (let i = 0; i < target.length; i++) {
    const cell = target[i] * classes + predictedClass(scores, i);
    counts[cell] = counts[cell] + (weights === void 0 ? 1 : weights[i]);
  }
  return counts;
}
function confusionEvaluator(scores, target, of5) {
  const classes = classCount(scores);
  const cells = Uint32Array.from(target, (t, i) => t * classes + predictedClass(scores, i));
  const counts = new Float64Array(classes * classes);
  return (weights) => {
    counts.fill(0);
    for (let i = 0; i < cells.length; i++) counts[cells[i]] = counts[cells[i]] + weights[i];
    return of5(counts);
  };
}

// src/evaluation/metrics/accuracy.ts
var accuracy = {
  name: "accuracy",
  title: "Accuracy",
  tasks: ["binary", "multiclass"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) => weightedMean(accuracy.perRow(scores, target), weights),
  perRow: (scores, target) => target.map((truth, i) => predictedClass(scores, i) === truth ? 1 : 0),
  interval(scores, target) {
    const right = accuracy.perRow(scores, target);
    const n = target.length;
    const { lower, upper } = wilson(
      right.reduce((sum, r) => sum + r, 0),
      n
    );
    return { lower, upper, standardError: Math.sqrt(variance(right) / n) };
  }
};

// src/stats/ranks.ts
function ascendingOrder(values) {
  const n = values.length;
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  if (n <= 4096) return order.sort((a, b2) => compare(values[a], values[b2]) || a - b2);
  return radixOrder(values, order);
}
var compare = (a, b2) => a < b2 ? -1 : a > b2 ? 1 : a === b2 ? 0 : Number(Number.isNaN(a)) - Number(Number.isNaN(b2));
function radixOrder(values, start) {
  const n = values.length;
  const floats = new Float64Array(n);
  for (let i = 0; i < n; i++) floats[i] = Number.isNaN(values[i]) ? Number.NaN : values[i] + 0;
  const words = new Uint32Array(floats.buffer);
  for (let i = 0; i < n; i++) {
    const high = words[2 * i + 1];
    const negative = high >>> 31 === 1;
    words[2 * i + 1] = negative ? ~high : high ^ 2147483648;
    if (negative) words[2 * i] = ~words[2 * i];
  }
  let from = start;
  let to = new Uint32Array(n);
  const counts = new Uint32Array(65537);
  for (let digit = 0; digit < 4; digit++) {
    const word = digit >> 1;
    const shift = (digit & 1) * 16;
    counts.fill(0);
    for (let i = 0; i < n; i++) {
      const slot = (words[2 * i + word] >>> shift & 65535) + 1;
      counts[slot] = counts[slot] + 1;
    }
    if (counts.includes(n)) continue;
    for (let d = 1; d <= 65536; d++) counts[d] = counts[d] + counts[d - 1];
    for (let i = 0; i < n; i++) {
      const row = from[i];
      const key = words[2 * row + word] >>> shift & 65535;
      to[counts[key]] = row;
      counts[key] = counts[key] + 1;
    }
    [from, to] = [to, from];
  }
  return from;
}
function ranks(values) {
  const order = ascendingOrder(values);
  const out2 = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end += 1;
    for (let i = start; i < end; i++) out2[order[i]] = (start + 1 + end) / 2;
    start = end;
  }
  return out2;
}

// src/stats/delong.ts
function delong(scores, target) {
  const c = components(scores, target);
  return {
    auc: c.auc,
    variance: covariance(c, c),
    positives: c.positive.length,
    negatives: c.negative.length
  };
}
function components(scores, target) {
  const positiveScores = scores.filter((_, i) => target[i] === 1);
  const negativeScores = scores.filter((_, i) => target[i] === 0);
  const m = positiveScores.length;
  const n = negativeScores.length;
  const pooled = new Float64Array(m + n);
  pooled.set(positiveScores);
  pooled.set(negativeScores, m);
  const all = ranks(pooled);
  const within = ranks(positiveScores);
  const withinNegative = ranks(negativeScores);
  const positive = within.map((r, i) => (all[i] - r) / n);
  const negative = withinNegative.map((r, j) => 1 - (all[m + j] - r) / m);
  let sum = 0;
  for (const v of positive) sum += v;
  return { auc: m === 0 || n === 0 ? Number.NaN : sum / m, positive, negative };
}
function covariance(a, b2) {
  const part = (x, y) => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += (x[i] - a.auc) * (y[i] - b2.auc);
    return sum / (x.length - 1) / x.length;
  };
  return part(a.positive, b2.positive) + part(a.negative, b2.negative);
}

// src/evaluation/metrics/auc.ts
var auc = {
  name: "auc",
  title: "Area under the ROC curve",
  tasks: ["binary"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) => auc.evaluator(scores, target)(weights ?? new Float64Array(target.length).fill(1)),
  evaluator(scores, target) {
    const { values } = scores;
    const order = ascendingOrder(values);
    const positive = Uint8Array.from(order, (row) => target[row]);
    const begins = Uint8Array.from(
      order,
      (row, i) => i === 0 || values[row] !== values[order[i - 1]] ? 1 : 0
    );
    return (weights) => {
      let [won, below, positives, tiedPositive, tiedNegative] = [0, 0, 0, 0, 0];
      for (let i = 0; i < order.length; i++) {
        if (begins[i] === 1) {
          won += tiedPositive * (below + tiedNegative / 2);
          below += tiedNegative;
          positives += tiedPositive;
          tiedPositive = 0;
          tiedNegative = 0;
        }
        const weight = weights[order[i]];
        if (positive[i] === 1) tiedPositive += weight;
        else tiedNegative += weight;
      }
      won += tiedPositive * (below + tiedNegative / 2);
      return won / ((positives + tiedPositive) * (below + tiedNegative));
    };
  },
  /** DeLong's variance on the logit scale, so that the interval stays in 0..1; Wilson on the rarer class when the order is perfect. */
  interval(scores, target) {
    const { auc: value, variance: variance2, positives, negatives } = delong(scores.values, target);
    const standardError = Math.sqrt(variance2);
    if (value === 1 || value === 0) {
      const n = Math.min(positives, negatives);
      const { lower, upper } = wilson(value * n, n);
      return { lower, upper, standardError };
    }
    const logit = Math.log(value / (1 - value));
    const half = normalQuantile(0.975) * standardError / (value * (1 - value));
    const back = (x) => 1 / (1 + Math.exp(-x));
    return { lower: back(logit - half), upper: back(logit + half), standardError };
  }
};

// src/evaluation/metrics/average-precision.ts
var averagePrecision = {
  name: "average_precision",
  title: "Average precision",
  tasks: ["binary"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) => averagePrecision.evaluator(scores, target)(weights ?? new Float64Array(target.length).fill(1)),
  evaluator({ values }, target) {
    const order = ascendingOrder(values).reverse();
    const positive = Uint8Array.from(order, (row) => target[row]);
    const ends = Uint8Array.from(
      order,
      (row, i) => i + 1 === order.length || values[row] !== values[order[i + 1]] ? 1 : 0
    );
    return (weights) => {
      let [sum, positives, seen, gained] = [0, 0, 0, 0];
      for (let i = 0; i < order.length; i++) {
        const weight = weights[order[i]];
        seen += weight;
        if (positive[i] === 1) gained += weight;
        if (ends[i] === 0 || gained === 0) continue;
        positives += gained;
        sum += gained * (positives / seen);
        gained = 0;
      }
      return positives === 0 ? Number.NaN : sum / positives;
    };
  }
};

// src/evaluation/metrics/brier.ts
var brier = {
  name: "brier",
  title: "Brier score",
  tasks: ["binary", "multiclass"],
  better: "lower",
  unit: "loss",
  compute: (scores, target, weights) => weightedMean(brier.perRow(scores, target), weights),
  perRow: ({ values, width }, target) => target.map((truth, i) => {
    if (width === 1) return (values[i] - truth) ** 2;
    let sum = 0;
    for (let k = 0; k < width; k++) sum += (values[i * width + k] - (k === truth ? 1 : 0)) ** 2;
    return sum;
  })
};

// src/evaluation/calibration.ts
var BINS = 10;
function calibrationBins(scores, target, weights) {
  const mass = new Float64Array(BINS);
  const predicted = new Float64Array(BINS);
  const observed = new Float64Array(BINS);
  for (let i = 0; i < target.length; i++) {
    const p = scores.values[i];
    const bin = Math.min(BINS - 1, Math.floor(p * BINS));
    const w = weights === void 0 ? 1 : weights[i];
    mass[bin] = mass[bin] + w;
    predicted[bin] = predicted[bin] + w * p;
    observed[bin] = observed[bin] + w * target[i];
  }
  return Array.from(mass, (rows, bin) => ({
    from: bin / BINS,
    to: (bin + 1) / BINS,
    rows,
    predicted: predicted[bin] / rows,
    observed: observed[bin] / rows
  })).filter(({ rows }) => rows > 0);
}
function calibrationError(bins) {
  const total = bins.reduce((sum, bin) => sum + bin.rows, 0);
  const gaps = bins.reduce((sum, b2) => sum + b2.rows * Math.abs(b2.predicted - b2.observed), 0);
  return total > 0 ? gaps / total : Number.NaN;
}

// src/evaluation/metrics/ece.ts
var ece = {
  name: "ece",
  title: "Expected calibration error",
  tasks: ["binary"],
  better: "lower",
  unit: "share",
  compute: (scores, target, weights) => calibrationError(calibrationBins(scores, target, weights))
};

// src/evaluation/metrics/f1.ts
var f1 = {
  name: "f1",
  title: "F1",
  tasks: ["binary"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) => of(confusionCounts(scores, target, weights)),
  evaluator: (scores, target) => confusionEvaluator(scores, target, of)
};
var of = (counts) => 2 * counts[3] / (2 * counts[3] + counts[1] + counts[2]);

// src/evaluation/metrics/log-loss.ts
var logLoss = {
  name: "log_loss",
  title: "Log loss",
  tasks: ["binary", "multiclass"],
  better: "lower",
  unit: "loss",
  compute: (scores, target, weights) => weightedMean(logLoss.perRow(scores, target), weights),
  perRow: ({ values, width }, target) => target.map((truth, i) => {
    const p = width === 1 ? truth === 1 ? values[i] : 1 - values[i] : values[i * width + truth];
    return -Math.log(Math.min(1, Math.max(1e-15, p)));
  })
};

// src/evaluation/metrics/macro-f1.ts
var macroF1 = {
  name: "macro_f1",
  title: "Macro F1",
  tasks: ["multiclass"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) => of2(confusionCounts(scores, target, weights)),
  evaluator: (scores, target) => confusionEvaluator(scores, target, of2)
};
function of2(counts) {
  const classes = Math.sqrt(counts.length);
  let sum = 0;
  let used = 0;
  for (let k = 0; k < classes; k++) {
    let row = 0;
    let column2 = 0;
    for (let j = 0; j < classes; j++) {
      row += counts[k * classes + j];
      column2 += counts[j * classes + k];
    }
    if (row + column2 === 0) continue;
    used += 1;
    sum += 2 * counts[k * classes + k] / (row + column2);
  }
  return sum / used;
}

// src/evaluation/metrics/mae.ts
var mae = {
  name: "mae",
  title: "Mean absolute error",
  tasks: ["regression"],
  better: "lower",
  unit: "target",
  compute: (scores, target, weights) => weightedMean(mae.perRow(scores, target), weights),
  perRow: ({ values }, target) => target.map((truth, i) => Math.abs(values[i] - truth))
};

// src/evaluation/metrics/mape.ts
var mape = {
  name: "mape",
  title: "Mean absolute percentage error",
  tasks: ["regression"],
  better: "lower",
  unit: "share",
  compute({ values }, target, weights) {
    let sum = 0;
    let total = 0;
    for (let i = 0; i < target.length; i++) {
      if (target[i] === 0) continue;
      const w = weights === void 0 ? 1 : weights[i];
      sum += w * Math.abs((values[i] - target[i]) / target[i]);
      total += w;
    }
    return sum / total;
  }
};

// src/evaluation/metrics/median-absolute-error.ts
var medianAbsoluteError = {
  name: "median_absolute_error",
  title: "Median absolute error",
  tasks: ["regression"],
  better: "lower",
  unit: "target",
  compute: (scores, target, weights) => medianAbsoluteError.evaluator(
    scores,
    target
  )(weights ?? new Float64Array(target.length).fill(1)),
  evaluator({ values }, target) {
    const errors = target.map((truth, i) => Math.abs(values[i] - truth));
    const order = ascendingOrder(errors);
    return (weights) => {
      let total = 0;
      for (let i = 0; i < weights.length; i++) total += weights[i];
      let below = 0;
      let lower = Number.NaN;
      for (const row of order) {
        if (weights[row] === 0) continue;
        if (!Number.isNaN(lower)) return (lower + errors[row]) / 2;
        below += weights[row];
        if (below === total / 2) lower = errors[row];
        else if (below > total / 2) return errors[row];
      }
      return lower;
    };
  }
};

// src/evaluation/metrics/precision.ts
var precision = {
  name: "precision",
  title: "Precision",
  tasks: ["binary"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) => of3(confusionCounts(scores, target, weights)),
  evaluator: (scores, target) => confusionEvaluator(scores, target, of3),
  interval(scores, target) {
    const counts = confusionCounts(scores, target);
    const n = counts[3] + counts[1];
    const { value, lower, upper } = wilson(counts[3], n);
    return { lower, upper, standardError: Math.sqrt(value * (1 - value) / n) };
  }
};
var of3 = (counts) => counts[3] / (counts[3] + counts[1]);

// src/evaluation/metrics/r2.ts
var r2 = {
  name: "r2",
  title: "R\xB2",
  tasks: ["regression"],
  better: "higher",
  unit: "share",
  compute({ values }, target, weights) {
    const centre = weightedMean(target, weights);
    let errors = 0;
    let spread = 0;
    for (let i = 0; i < target.length; i++) {
      const w = weights === void 0 ? 1 : weights[i];
      errors += w * (target[i] - values[i]) ** 2;
      spread += w * (target[i] - centre) ** 2;
    }
    return spread > 0 ? 1 - errors / spread : Number.NaN;
  }
};

// src/evaluation/metrics/recall.ts
var recall = {
  name: "recall",
  title: "Recall",
  tasks: ["binary"],
  better: "higher",
  unit: "share",
  compute: (scores, target, weights) => of4(confusionCounts(scores, target, weights)),
  evaluator: (scores, target) => confusionEvaluator(scores, target, of4),
  interval(scores, target) {
    const counts = confusionCounts(scores, target);
    const n = counts[3] + counts[2];
    const { value, lower, upper } = wilson(counts[3], n);
    return { lower, upper, standardError: Math.sqrt(value * (1 - value) / n) };
  }
};
var of4 = (counts) => counts[3] / (counts[3] + counts[2]);

// src/evaluation/metrics/rmse.ts
var rmse = {
  name: "rmse",
  title: "Root mean squared error",
  tasks: ["regression"],
  better: "lower",
  unit: "target",
  compute: (scores, target, weights) => Math.sqrt(weightedMean(squares(scores.values, target), weights)),
  evaluator({ values }, target) {
    const errors = squares(values, target);
    return (weights) => Math.sqrt(weightedMean(errors, weights));
  }
};
var squares = (values, target) => target.map((truth, i) => (values[i] - truth) ** 2);

// src/evaluation/metrics/all.ts
var METRICS = [
  auc,
  averagePrecision,
  accuracy,
  f1,
  macroF1,
  precision,
  recall,
  logLoss,
  brier,
  ece,
  mae,
  rmse,
  medianAbsoluteError,
  mape,
  r2
];
var metricsFor = (task) => METRICS.filter((metric2) => metric2.tasks.includes(task));
function metricNamed(name, task) {
  const metric2 = metricsFor(task).find((m) => m.name === name);
  if (metric2 !== void 0) return metric2;
  const known = metricsFor(task).map((m) => m.name);
  throw new MillwrightError(
    "invalid_config",
    `metric "${name}" does not exist for ${task} models; use one of ${known.join(", ")}`,
    { details: { metric: name, task, known } }
  );
}

// src/registry/evidence.ts
function evidenceOf(evaluation, leaderboard) {
  const { report } = evaluation;
  const isPrimary = (metric2) => metric2.name === report.primary;
  const metrics = [
    ...report.metrics.filter(isPrimary),
    ...report.metrics.filter((metric2) => !isPrimary(metric2))
  ].map(reported);
  return {
    metrics,
    verdict: verdictView(evaluation.verdict),
    report: { ...reportView(report), ...comparison(evaluation), metrics },
    leaderboard: leaderboard && leaderboardView(leaderboard, report.task)
  };
}
var verdictView = (kept) => ({
  pass: kept.pass,
  summary: kept.summary,
  gates: kept.results.map(({ gate, outcome, reason }) => ({ gate, outcome, reason })),
  unseen: kept.couldNotHaveSeen
});
function keptVerdict(kept) {
  if (typeof kept !== "object" || kept === null || !("results" in kept)) return void 0;
  return verdictView(kept);
}
var reported = (metric2) => ({
  name: metric2.name,
  title: metric2.title,
  unit: metric2.unit,
  better: metric2.better,
  value: metric2.value,
  low: metric2.lower,
  high: metric2.upper
});
var comparison = ({ baseline, champion, split }) => ({
  split,
  baseline: baseline ? { name: baseline.candidate, value: baseline.value } : null,
  champion: champion ? { ...champion } : null
});
var reportView = (report) => ({
  rows: report.rows,
  primary: report.primary,
  slices: report.slices.map((slice) => ({
    column: slice.column,
    value: slice.value,
    rows: slice.rows,
    metric: metricView(slice.metric, report.task, slice.estimate, slice.lower, slice.upper),
    rest: slice.rest,
    worse: slice.worse
  })),
  calibration: (report.calibration ?? []).map((bin) => ({ ...bin })),
  confusion: report.confusion && report.classes ? { classes: [...report.classes], counts: report.confusion.map((row) => [...row]) } : null
});
var leaderboardView = (kept, task) => ({
  metric: kept.metric,
  better: kept.better,
  reason: kept.reason,
  folds: kept.folds,
  trainedRows: kept.trainedRows,
  testRows: kept.testRows,
  notTried: kept.notTried,
  standings: kept.rows.map((row) => ({
    candidate: row.candidate,
    trainer: row.trainer,
    params: row.params,
    state: row.state,
    metric: row.mean === null ? null : metricView(kept.metric, task, row.mean, row.low, row.high),
    folds: row.folds,
    seconds: row.seconds,
    complexity: row.complexity,
    error: row.error ?? null,
    winner: row.candidate === kept.winner
  }))
});
function metricView(name, task, value, low, high) {
  const { title, unit, better } = metricNamed(name, task);
  return { name, title, unit, better, value, low, high };
}

// src/registry/model-view.ts
var versionRef = (version, evidence) => ({
  number: version.number,
  id: version.id,
  trainer: version.trainer,
  createdAt: version.createdAt,
  metric: evidence?.metrics[0] ?? null
});
var versionDetail = (version, evidence, all, champions) => ({
  ...versionRef(version, evidence),
  aliases: ["champion", "challenger"].filter((a) => champions[a] === version.id),
  metrics: [...evidence?.metrics ?? []],
  verdict: evidence?.verdict ?? null,
  dataset: version.dataset,
  code: version.code,
  onnx: version.onnx,
  parent: all.find((v) => v.id === version.parent)?.number ?? null,
  seed: version.seed,
  params: version.params !== null && typeof version.params === "object" && !Array.isArray(version.params) ? { ...version.params } : {},
  environment: { ...version.environment },
  runId: version.runId
});
var moveView = (move, all) => {
  const numberOf = (id) => all.find((v) => v.id === id)?.number ?? null;
  return {
    alias: move.alias,
    version: numberOf(move.version),
    previous: numberOf(move.previous),
    reason: move.reason,
    verdict: keptVerdict(move.verdict) ?? null,
    runId: move.runId ?? null,
    at: move.at
  };
};

// src/registry/routes.ts
var RECENT_RUNS = 200;
function modelRoutes(deps) {
  const { registry, engine } = deps;
  const kept = /* @__PURE__ */ new Map();
  const evidence = async (version) => {
    const found = kept.get(version.id) ?? await deps.evidence(version);
    if (found) kept.set(version.id, found);
    if (kept.size > 1e3) kept.delete(kept.keys().next().value);
    return found;
  };
  const names = async () => {
    const [registered, defined] = await Promise.all([registry.models(), deps.defined()]);
    return [.../* @__PURE__ */ new Set([...defined.map((d) => d.name), ...registered])];
  };
  const known = async (model) => {
    const all = await names();
    if (all.includes(model)) return;
    throw new MillwrightError(
      "not_found",
      `There is no model ${model}. Known models: ${all.join(", ") || "none"}.`
    );
  };
  const recentRuns = async () => (await engine.list({ limit: RECENT_RUNS })).map((run) => ({
    summary: runSummary(run),
    subject: subjectOf(run.input)
  }));
  const gather = async (model, recent) => {
    const [versions, champion, challenger, incidents2, series, defined] = await Promise.all([
      registry.versions(model),
      registry.alias(model, "champion"),
      registry.alias(model, "challenger"),
      deps.incidents(model),
      deps.series(model),
      deps.defined()
    ]);
    const own = recent.filter((r) => r.subject === model).map((r) => r.summary);
    const ref = async (id) => {
      const version = versions.find((v) => v.id === id);
      return version ? versionRef(version, await evidence(version)) : null;
    };
    const signature = (versions.find((v) => v.id === champion) ?? versions[0])?.signature;
    const definition = defined.find((d) => d.name === model);
    const summary = {
      name: model,
      task: signature?.task ?? null,
      target: signature?.target ?? definition?.target ?? null,
      versions: versions.length,
      champion: await ref(champion),
      challenger: await ref(challenger),
      openIncidents: incidents2.filter((i) => i.state === "open"),
      lastRun: own[0] ?? null,
      monitored: series[0] ?? null
    };
    return { summary, versions, champions: { champion, challenger }, own, definition };
  };
  const detail = async (model) => {
    await known(model);
    const { summary, versions, champions, own, definition } = await gather(
      model,
      await recentRuns()
    );
    const newest = versions[0];
    const [all, moves, route, shadow, shown] = await Promise.all([
      Promise.all(versions.map(evidence)),
      registry.moves(model),
      deps.route(model),
      deps.shadow(model),
      newest && evidence(newest)
    ]);
    const below = championStack(moves.filter((m) => m.alias === "champion"))[1];
    const aliases = {
      ...champions.champion ? { champion: champions.champion } : {},
      ...champions.challenger ? { challenger: champions.challenger } : {}
    };
    return {
      ...summary,
      dataset: definition?.dataset ?? null,
      history: versions.map((v, i) => versionDetail(v, all[i], versions, aliases)),
      moves: moves.map((m) => moveView(m, versions)),
      leaderboard: newest && shown?.leaderboard ? { version: newest.number, ...shown.leaderboard } : null,
      report: newest && shown?.report ? { version: newest.number, ...shown.report } : null,
      route,
      rollbackTo: versions.find((v) => v.id === below)?.number ?? null,
      shadow,
      runs: own.slice(0, 10)
    };
  };
  const moved = async (model) => {
    const [move, versions] = await Promise.all([
      registry.moves(model, "champion"),
      registry.versions(model)
    ]);
    const numberOf = (id) => versions.find((v) => v.id === id)?.number ?? null;
    return {
      model,
      champion: numberOf(move[0]?.version),
      previous: numberOf(move[0]?.previous),
      reason: move[0]?.reason ?? ""
    };
  };
  return mount(models, {
    async models() {
      const [all, recent] = await Promise.all([names(), recentRuns()]);
      const gathered = await Promise.all(all.map((model) => gather(model, recent)));
      return { models: gathered.map((g) => g.summary) };
    },
    model: ({ model }) => detail(model),
    async train({ model }) {
      await known(model);
      return { runId: await deps.train(model) };
    },
    async promote({ model, version: name, reason }) {
      await known(model);
      const version = await registry.find(model, name);
      if (!version)
        throw new MillwrightError("not_found", `Model ${model} has no version ${name}.`);
      await deps.promote({ model, version, reason: reason ?? "promoted by a person" });
      return moved(model);
    },
    async rollback({ model, reason }) {
      await known(model);
      await deps.rollback({ model, reason: reason ?? "rolled back by a person" });
      return moved(model);
    }
  });
}

// src/testing/quiet-log.ts
function quietLog() {
  const lines = [];
  const keep = (message) => void lines.push(message);
  return { lines, debug: keep, info: keep, warn: keep, error: keep };
}

// sdk/src/contract/runs.ts
import { z as z5 } from "zod";
var RunStepShape = z5.object({
  name: z5.string(),
  state: RunStateShape,
  attempts: z5.number(),
  startedAt: z5.number().nullable(),
  finishedAt: z5.number().nullable(),
  error: z5.string().nullable()
});
var RunDetail = RunSummaryShape.extend({
  input: z5.unknown(),
  output: z5.unknown(),
  steps: z5.array(RunStepShape)
});
var Status = z5.object({
  project: z5.string(),
  version: z5.string(),
  /** The server's clock: ages are counted from it. */
  now: z5.number(),
  /** False when nothing executes runs: what is queued stays queued. */
  worker: z5.boolean(),
  gateway: z5.object({ url: z5.string(), ready: z5.boolean() }).nullable(),
  models: z5.number(),
  openIncidents: z5.number(),
  /** How many runs are queued, running or waiting. */
  activeRuns: z5.number()
});
var runs2 = {
  status: endpoint({
    method: "GET",
    path: "/api/status",
    summary: "What runs here: worker, gateway, and how much there is to look at.",
    input: z5.object({}),
    output: Status
  }),
  runs: endpoint({
    method: "GET",
    path: "/api/runs",
    summary: "Runs, newest first.",
    input: z5.object({
      pipeline: z5.string().max(100).optional(),
      state: RunStateShape.optional(),
      limit: z5.coerce.number().int().min(1).max(500).default(100)
    }),
    output: z5.object({ runs: z5.array(RunSummaryShape) })
  }),
  run: endpoint({
    method: "GET",
    path: "/api/runs/{run}",
    summary: "One run with its steps, progress, input and output.",
    input: z5.object({ run: z5.string().min(1).max(200) }),
    output: RunDetail
  }),
  cancel: endpoint({
    method: "POST",
    path: "/api/runs/{run}/cancel",
    summary: "Stops a run that is not over; finished steps keep their results.",
    input: z5.object({ run: z5.string().min(1).max(200) }),
    output: RunSummaryShape
  })
};

// src/tracking/routes.ts
function runRoutes({ engine, clock, status }) {
  const found = async (id) => {
    const run = await engine.get(id);
    if (run) return run;
    throw new MillwrightError(
      "not_found",
      `There is no run ${id}. \`millwright runs\` lists the known ones.`
    );
  };
  return mount(runs2, {
    async status() {
      const [base, worker, active] = await Promise.all([
        status(),
        engine.hasWorker(),
        Promise.all(
          ["queued", "running", "waiting"].map((state) => engine.list({ state }))
        )
      ]);
      return { ...base, now: clock.now(), worker, activeRuns: active.flat().length };
    },
    async runs({ pipeline, state, limit }) {
      const list = await engine.list({
        limit,
        ...pipeline === void 0 ? {} : { pipeline },
        ...state === void 0 ? {} : { state }
      });
      return { runs: list.map(runSummary) };
    },
    async run({ run: id }) {
      const [run, steps] = await Promise.all([found(id), engine.steps(id)]);
      return runDetail(run, steps);
    },
    async cancel({ run: id }) {
      const run = await found(id);
      if (!isActive(run))
        throw new MillwrightError(
          "conflict",
          `Run ${id} is over (${run.state}); there is nothing to cancel.`
        );
      await engine.cancel(id);
      return runSummary(await found(id));
    }
  });
}

// src/lib/digest.ts
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
function digestOf(bytes) {
  return `sha256:${bytesToHex(sha256(typeof bytes === "string" ? utf8ToBytes(bytes) : bytes))}`;
}

// test/browser/sample-data.ts
var DAY = 864e5;
var column = (name, more) => ({
  name,
  type: "string",
  role: "category",
  reason: "14 distinct values in 4,838 rows",
  missing: 0.02,
  ...more
});
function sampleDatasets(now) {
  const mail = (rows, at, clean) => ({
    id: digestOf(`data phishing ${clean ? 1 : 2}`),
    dataset: "mail",
    rows,
    schema: {
      columns: [
        column("message_id", { role: "id", reason: "every value occurs once", missing: 0 }),
        column("received_at", {
          type: "time",
          role: "time",
          reason: "named as the time of the dataset: the split goes by it",
          range: { min: Date.UTC(2001, 5, 1), max: Date.UTC(2002, 11, 4) }
        }),
        column("subject", {
          role: "text",
          reason: "39 characters on average, 4,411 distinct values: words are counted",
          missing: 4e-3
        }),
        column("sender_domain", {
          domain: {
            values: ["yahoo.com", "hotmail.com", "linux.ie", "lists.example", "msn.com", "aol.com"],
            other: 0.12
          }
        }),
        column("links", {
          type: "number",
          role: "numeric",
          reason: "whole numbers, 61 distinct values",
          range: { min: 0, max: 214 }
        }),
        column("quarantined_by", {
          role: "leak",
          reason: "alone it separates the classes with AUC 0.998: probably written after the fact"
        }),
        column("is_phishing", {
          role: "target",
          reason: "named as the target; 31.4 % phishing",
          domain: { values: ["ham", "phishing"], other: 0 },
          missing: 0
        })
      ]
    },
    data: digestOf(`parquet ${rows}`),
    profile: digestOf(`profile ${rows}`),
    anomalies: clean ? [] : [
      {
        kind: "unseen_value",
        severity: "suspicious",
        column: "sender_domain",
        rows: 212,
        examples: ["freemail.example", "win-prizes.example"],
        message: "4.4 % of the rows have a sender_domain that the schema does not know; 12 % are allowed. Accept the values in the schema if they are here to stay."
      },
      {
        kind: "missing",
        severity: "broken",
        column: "links",
        rows: 1310,
        examples: [],
        message: "27 % of links are missing, at most 2 % are expected. Was the export changed? Training stops until it is repaired or accepted."
      }
    ],
    quarantine: clean ? void 0 : { rows: 19, data: digestOf("quarantine") },
    lineage: {
      sources: [{ uri: "data/mail.csv.gz", digest: digestOf(`mail ${rows}`) }],
      parents: []
    },
    createdAt: at
  });
  return {
    mail: [mail(4838, now - 54e5, false), mail(4610, now - 7 * DAY, true)],
    travellers: [
      {
        ...mail(862, now - 2 * DAY, true),
        id: digestOf("data passengers 1"),
        dataset: "travellers"
      }
    ],
    contracts: []
  };
}
var sampleIncidents = () => [
  {
    id: "inc_01k9shock",
    model: "passengers",
    state: "open",
    openedAt: Date.UTC(2020, 2, 16),
    resolvedAt: null,
    title: "Travellers are far below anything the model was trained on",
    cause: "The world changed, not the data: volume, schema and missing values are as always, while the error grew 9-fold in three windows in a row.",
    loss: "Mean absolute error 1,310,000 travellers a day against 61,000 expected: the forecast is about 20 times worse than promised.",
    action: "Retraining on rows since 2020-03-09 has started; until it is judged, plan with last week's figures.",
    findings: [
      {
        kind: "performance",
        column: null,
        message: "mean absolute error 1.31 M, threshold 0.14 M, 3 of 3 windows"
      },
      {
        kind: "drift",
        column: "travellers_7_days_ago",
        message: "moved by 3.9 standard deviations (threshold 0.4)"
      },
      { kind: "drift", column: "prediction", message: "moved by 2.2 standard deviations" }
    ]
  },
  {
    id: "inc_01k9subject",
    model: "phishing",
    state: "resolved",
    openedAt: Date.UTC(2002, 8, 2),
    resolvedAt: Date.UTC(2002, 8, 9),
    title: "Subjects in a new character set",
    cause: "A mail gateway stopped decoding encoded words: a data bug, not a change of the world.",
    loss: null,
    action: "The gateway was repaired; nothing was retrained on the broken rows.",
    findings: [{ kind: "drift", column: "subject", message: "31 % unknown words, threshold 9 %" }]
  }
];
var wave = (i) => Math.sin(i * 1.7) * 0.4 + Math.sin(i * 0.61) * 0.6;
function sampleSeries(model) {
  const shock = model === "passengers";
  const series = (name, title, kind, base, noise, limit, hit) => ({
    name,
    title,
    kind,
    better: "lower",
    points: Array.from({ length: 26 }, (_, i) => {
      const from = Date.UTC(2019, 9, 7) + i * 7 * DAY;
      const value = i === 8 ? null : base + noise * wave(i) + (hit && i > 22 ? base * (i - 21) * 2.2 : 0);
      return {
        from,
        to: from + 7 * DAY,
        rows: i === 8 ? 41 : 640 + i,
        value,
        low: value === null ? null : value - noise * 1.3,
        high: value === null ? null : value + noise * 1.3,
        threshold: kind === "performance" ? null : limit,
        expected: kind === "performance" ? base : null,
        alarm: value !== null && value > limit
      };
    })
  });
  if (model === "renewals") return [];
  if (shock)
    return [
      series("mae", "Mean absolute error", "performance", 61e3, 9e3, 14e4, true),
      series("travellers_7_days_ago", "travellers_7_days_ago", "drift", 0.09, 0.03, 0.4, true),
      series("weekday", "weekday", "drift", 0.02, 0.01, 0.1, false)
    ];
  return [
    series("log_loss", "Log loss", "performance", 0.171, 0.02, 0.26, false),
    series("subject", "subject", "drift", 0.041, 0.012, 0.09, false),
    series("sender_domain", "sender_domain", "drift", 0.05, 0.018, 0.095, false),
    series("prediction", "prediction", "drift", 0.03, 0.01, 0.08, false),
    series("volume", "Rows a window", "volume", 640, 60, 900, false)
  ];
}

// test/browser/sample-engine.ts
function sampleEngine(now) {
  const minute = 6e4;
  const run = (id, pipeline, input, more) => ({
    id,
    pipeline,
    input,
    state: "succeeded",
    output: void 0,
    error: void 0,
    createdAt: now - 90 * minute,
    finishedAt: now - 88 * minute,
    progress: void 0,
    ...more
  });
  const runs3 = [
    run(
      "run_01k9train4",
      "train",
      { model: "phishing", reason: "asked for by a person" },
      {
        state: "running",
        createdAt: now - 41e3,
        finishedAt: void 0,
        progress: { step: "race: fold 2 of 4", message: "gbdt-2 on fold 2 of 4", fraction: 0.42 }
      }
    ),
    run(
      "run_01k9watch2",
      "watch",
      { model: "passengers" },
      { createdAt: now - 12 * minute, finishedAt: now - 12 * minute + 2300 }
    ),
    run(
      "run_01k9train3",
      "train",
      { model: "phishing", reason: "every week" },
      {
        output: {
          model: "phishing",
          number: 4,
          winner: "gbdt-2",
          passed: true,
          deployment: "shadow",
          decision: "gbdt-2 passes 5 of 5 gates; now to be proven on live traffic"
        }
      }
    ),
    run(
      "run_01k9churn1",
      "train",
      { model: "renewals", reason: "asked for by a person" },
      {
        state: "failed",
        createdAt: now - 26 * 60 * minute,
        finishedAt: now - 26 * 60 * minute + 4100,
        error: 'target "renewed" has one value ("yes") in all 3,207 rows: there is nothing to learn. Check the export, or choose another target in millwright.config.ts.'
      }
    ),
    run(
      "run_01k9train2",
      "train",
      { model: "passengers", reason: "every month" },
      { createdAt: now - 50 * 60 * minute, finishedAt: now - 50 * 60 * minute + 31e3 }
    )
  ];
  const step = (name, state, startedAt, finishedAt, more = {}) => ({ name, state, attempts: 1, startedAt, finishedAt, error: void 0, ...more });
  const stepsOf = (found) => {
    const t = found.createdAt;
    if (found.state === "failed")
      return [
        step("ingest", "succeeded", t + 200, t + 2600),
        step("plan", "failed", t + 2600, t + 4e3, { error: "there is nothing to learn" })
      ];
    const done = [
      step("ingest", "succeeded", t + 200, t + 3900),
      step("plan", "succeeded", t + 3900, t + 4100),
      step("race: fold 1 of 4", "succeeded", t + 4100, t + 26e3, { attempts: 2 })
    ];
    if (found.state === "running")
      return [...done, step("race: fold 2 of 4", "running", t + 26e3)];
    return [
      ...done,
      step("race: fold 2 of 4", "succeeded", t + 26e3, t + 41e3),
      step("fit", "succeeded", t + 41e3, t + 58e3),
      step("evaluate", "succeeded", t + 58e3, t + 71e3),
      step("register", "succeeded", t + 71e3, t + 71400),
      step("deploy", "succeeded", t + 71400, t + 72e3)
    ];
  };
  const unused = () => Promise.reject(new Error("not part of this test"));
  return {
    register() {
    },
    start: async () => {
    },
    stop: async () => {
    },
    async submit(pipeline, input) {
      const id = `run_01k9new${runs3.length}`;
      runs3.unshift(
        run(id, pipeline, input, {
          state: "queued",
          createdAt: now,
          finishedAt: void 0
        })
      );
      return id;
    },
    get: async (id) => runs3.find((r) => r.id === id),
    async steps(id) {
      const found = runs3.find((r) => r.id === id);
      return found && found.state !== "queued" ? stepsOf(found) : [];
    },
    list: async ({ pipeline, state, limit = 100 } = {}) => runs3.filter((r) => (pipeline ?? r.pipeline) === r.pipeline && (state ?? r.state) === r.state).slice(0, limit),
    wait: unused,
    signal: unused,
    async cancel(id) {
      const at = runs3.findIndex((r) => r.id === id);
      runs3[at] = { ...runs3[at], state: "cancelled", finishedAt: now };
    },
    hasWorker: async () => true
  };
}

// test/browser/sample-evidence.ts
var metric = (name, title, value, half, more = {}) => ({
  ...{ name, title, value, better: "higher", unit: "share", standardError: half / 2 },
  ...{ lower: value - half, upper: value + half },
  ...more
});
function sampleEvidence(version) {
  return version.model === "passengers" ? regression() : binary(version.number);
}
function binary(number) {
  const held = number === 2;
  const ap = 0.927 + number * 8e-3;
  const results = [
    {
      gate: "beats_baseline",
      outcome: "pass",
      pass: true,
      reason: `Average precision ${ap.toFixed(3)} is better by ${((ap - 0.31) * 100).toFixed(1)} points (95 %: 58.2 to 64.1) than the best trivial model (baseline-1, 0.310).`,
      detail: null
    },
    {
      gate: "beats_champion",
      outcome: held ? "fail" : "pass",
      pass: !held,
      reason: held ? "Average precision 0.943 is worse by 0.4 points (95 %: -1.9 to 1.1) than version 1, and not simpler. Train on more rows, or keep version 1." : "Average precision 0.959 is better by 1.2 points (95 %: 0.3 to 2.2) than version 3 on the same 1,208 rows.",
      detectable: 0.013,
      detail: null
    },
    {
      gate: "no_slice_worse",
      outcome: number === 4 ? "warn" : "pass",
      pass: true,
      reason: number === 4 ? "No slice is significantly worse; 3 of 14 values of sender_domain have fewer than 30 rows and could not be judged." : "None of 14 values of sender_domain is significantly worse than under the champion.",
      detail: null
    },
    {
      gate: "calibrated",
      outcome: "pass",
      pass: true,
      reason: "Expected calibration error 0.018, at most 0.05 is allowed.",
      detail: null
    },
    {
      gate: "parity",
      outcome: "pass",
      pass: true,
      reason: "The stored file and the model in memory differ by at most 2.4e-7 on 256 rows.",
      detail: null
    }
  ];
  const evaluation = {
    report: {
      task: "binary",
      rows: 1208,
      primary: "average_precision",
      metrics: [
        metric("auc", "AUC", ap + 0.022, 8e-3),
        metric("average_precision", "Average precision", ap, 0.016),
        metric("accuracy", "Accuracy", 0.941, 0.013),
        metric("f1", "F1", 0.903, 0.022),
        metric("log_loss", "Log loss", 0.171, 0.021, { better: "lower", unit: "loss" })
      ],
      slices: [
        {
          ...{ column: "sender_domain", value: "yahoo.com", rows: 118, metric: "auc" },
          ...{ estimate: 0.902, lower: 0.842, upper: 0.962, rest: 0.984 },
          ...{ adjustedP: 0.021, worse: true }
        },
        {
          ...{ column: "sender_domain", value: "hotmail.com", rows: 96, metric: "auc" },
          ...{ estimate: 0.955, lower: 0.911, upper: 0.999, rest: 0.982 },
          ...{ adjustedP: 0.31, worse: false }
        },
        {
          ...{ column: "received_hour", value: "0 to 6", rows: 301, metric: "auc" },
          ...{ estimate: 0.978, lower: 0.961, upper: 0.995, rest: 0.983 },
          ...{ adjustedP: 0.55, worse: false }
        }
      ],
      classes: ["ham", "phishing"],
      confusion: [
        [792, 31],
        [40, 345]
      ],
      calibration: [
        [0.05, 0.03, 700],
        [0.15, 0.12, 96],
        [0.35, 0.41, 44],
        [0.55, 0.6, 30],
        [0.75, 0.71, 62],
        [0.95, 0.97, 276]
      ].map(([predicted, observed, rows]) => ({
        from: Math.floor(predicted * 10) / 10,
        to: Math.floor(predicted * 10) / 10 + 0.1,
        predicted,
        observed,
        rows
      }))
    },
    verdict: {
      pass: !held,
      summary: held ? "gbdt-1 fails beats_champion (4 of 5 gates passed)" : "gbdt-2 passes 5 of 5 gates",
      reasons: [],
      warnings: [],
      results,
      couldNotHaveSeen: "On 1,208 held-out rows, a true drop in average precision of less than 1.3 points would be noticed in fewer than four of five cases. Nothing here can see data that the held-out rows do not resemble."
    },
    baseline: { candidate: "baseline-1", value: 0.31 },
    champion: { name: "version 3", value: 0.947 },
    testRows: 1208,
    split: "Split by received_at: the last 20 % of the rows in time are the test. A random split would show the model mails from the same campaigns it learned from and flatter it.",
    importance: []
  };
  const row = (candidate, mean2, half, folds, more = {}) => ({
    candidate,
    trainer: candidate.split("-")[0],
    params: { l2: 0.01 },
    state: "finished",
    folds,
    mean: mean2,
    low: mean2 === null ? null : mean2 - half,
    high: mean2 === null ? null : mean2 + half,
    seconds: 4.2,
    complexity: 1200,
    error: void 0,
    ...more
  });
  const board = {
    metric: "average_precision",
    better: "higher",
    folds: 4,
    winner: "gbdt-2",
    reason: "gbdt-2 (average_precision 0.9590 \xB1 0.0060) is simpler than the best, mlp-1 (0.9610 \xB1 0.0080), and within one standard error of it: the difference is not worth the complexity.",
    split: evaluation.split,
    dataset: digestOf("data phishing 2"),
    trainedRows: 4838,
    testRows: 1208,
    notTried: 1,
    rows: [
      row("mlp-1", 0.961, 0.016, 4, { params: { hidden: 64, epochs: 40 }, seconds: 21.4 }),
      row("gbdt-2", 0.959, 0.012, 4, {
        params: { trees: 240, depth: 6, learningRate: 0.08 },
        seconds: 9.1
      }),
      row("linear-2", 0.947, 0.014, 4, { seconds: 2.2 }),
      row("gbdt-1", 0.951, 0.019, 2, {
        state: "dropped",
        params: { trees: 120, depth: 4, learningRate: 0.1 }
      }),
      row("forest-1", 0.931, 0.022, 1, {
        state: "dropped",
        params: { trees: 300 },
        seconds: 12.8
      }),
      row("mlp-2", null, 0, 0, {
        state: "failed",
        error: "loss is not finite after epoch 3: lower the learning rate",
        seconds: 1.4
      }),
      row("baseline-1", 0.31, 0.02, 4, { params: {}, seconds: 0.01, complexity: 1 }),
      row("gbdt-3", null, 0, 0, { state: "not tried", seconds: 0 })
    ]
  };
  return evidenceOf(evaluation, board);
}
function regression() {
  const target = { better: "lower", unit: "target" };
  return evidenceOf(
    {
      report: {
        task: "regression",
        rows: 91,
        primary: "mae",
        metrics: [
          metric("mae", "Mean absolute error", 61240, 8900, target),
          metric("rmse", "Root mean squared error", 88310, 14100, target)
        ],
        slices: []
      },
      verdict: {
        pass: true,
        summary: "gbdt-1 passes 5 of 5 gates",
        reasons: [],
        warnings: [],
        results: [],
        couldNotHaveSeen: "Nothing was compared with a champion on these 91 held-out rows."
      },
      baseline: { candidate: "baseline-2", value: 143100 },
      champion: void 0,
      testRows: 91,
      split: "Split by date: the last 20 % of the days are the test.",
      importance: []
    },
    void 0
  );
}

// test/browser/sample-registry.ts
var HOUR = 36e5;
function sampleRegistry(now) {
  const version = (model, number, trainer, hours, parent) => ({
    id: digestOf(`${model} ${number}`),
    model,
    number,
    onnx: digestOf(`onnx ${model} ${number}`),
    signature: {
      task: model === "passengers" ? "regression" : "binary",
      target: model === "passengers" ? "travellers" : "is_phishing",
      classes: model === "passengers" ? [] : ["ham", "phishing"],
      columns: []
    },
    trainer,
    params: trainer === "gbdt" ? { trees: 240, depth: 6, learningRate: 0.08 } : { l2: 0.01 },
    seed: 42,
    dataset: digestOf(`data ${model} ${number > 2 ? 2 : 1}`),
    code: digestOf(`code ${number > 1 ? 2 : 1}`),
    environment: { node: "20.20.2", millwright: "0.1.0", runtime: "onnxruntime-node 1.30.0" },
    parent,
    complexity: 8400,
    report: digestOf(`report ${model} ${number}`),
    leaderboard: digestOf(`board ${model} ${number}`),
    reference: digestOf(`reference ${model} ${number}`),
    runId: "run_01k9train3",
    createdAt: now - hours * HOUR
  });
  const p1 = version("phishing", 1, "linear", 24 * 21);
  const p2 = version("phishing", 2, "gbdt", 24 * 14, p1.id);
  const p3 = version("phishing", 3, "linear", 24 * 7, p1.id);
  const p4 = version("phishing", 4, "gbdt", 1.4, p3.id);
  const t1 = version("passengers", 1, "gbdt", 50);
  const versions = [p4, p3, p2, p1, t1];
  const move = (of5, alias, more) => ({
    model: of5.model,
    alias,
    version: of5.id,
    previous: void 0,
    reason: "",
    verdict: void 0,
    runId: "run_01k9train3",
    at: of5.createdAt,
    ...more
  });
  const moves = [
    move(p4, "challenger", {
      reason: "phishing-4 passes 6 of 6 gates; now to be proven on live traffic"
    }),
    move(p3, "champion", {
      previous: p1.id,
      reason: "Sequential test on 412 paired labels: e-value 31.4 \u2265 20, average precision better by 1.9 points (95 %: 0.7 to 3.1).",
      at: now - 24 * 5 * HOUR
    }),
    move(p1, "champion", { reason: "first version; linear-2 passes 5 of 5 gates" }),
    move(t1, "champion", { reason: "first version; gbdt-1 passes 5 of 5 gates" })
  ];
  const store = {
    add: () => Promise.reject(new Error("not part of this test")),
    get: async (id) => versions.find((v) => v.id === id),
    find: async (model, name) => versions.find((v) => v.model === model && String(v.number) === name),
    versions: async (model) => versions.filter((v) => v.model === model),
    models: async () => [...new Set(versions.map((v) => v.model))],
    alias: async (model, alias) => moves.find((m) => m.model === model && m.alias === alias)?.version,
    async move(moved) {
      moves.unshift(moved);
    },
    moves: async (model, alias) => moves.filter((m) => m.model === model && (alias ?? m.alias) === m.alias)
  };
  return store;
}

// test/browser/sample-server.ts
async function sampleServer(options = {}) {
  const { empty = false, port = 0, token } = options;
  const now = Date.now();
  const clock = { now: () => now };
  const engine = sampleEngine(now);
  const registry = sampleRegistry(now);
  const datasets2 = sampleDatasets(now);
  const incidents2 = async (model) => empty ? [] : sampleIncidents().filter((i) => (model ?? i.model) === i.model);
  const none = { models: async () => [] };
  const move = async (model, version, reason) => {
    const [previous, target] = await Promise.all([
      registry.alias(model, "champion"),
      registry.find(model, version ?? "1")
    ]);
    await registry.move({
      ...{ model, alias: "champion", version: target?.id, previous, reason },
      ...{ verdict: void 0, runId: void 0, at: now }
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
        defined: async () => empty ? [] : [
          { name: "phishing", dataset: "mail", target: "is_phishing" },
          { name: "passengers", dataset: "travellers", target: "travellers" },
          { name: "renewals", dataset: "contracts", target: "renewed" }
        ],
        evidence: async (version) => sampleEvidence(version),
        incidents: incidents2,
        series: async (model) => sampleSeries(model),
        route: async (model) => model === "phishing" ? { champion: 3, shadow: 4, revision: 5 } : model === "passengers" ? { champion: 1, shadow: null, revision: 1 } : null,
        shadow: async (model) => model === "phishing" ? {
          challenger: 4,
          since: now - 5e6,
          pairs: 146,
          needed: 200,
          eValue: 3.8,
          text: "Better so far by 0.9 points on 146 labelled rows; at least 200 are needed before anything is decided."
        } : null,
        train: (model) => engine.submit("train", { model, reason: "asked for by a person" }),
        async promote({ model, version, reason }) {
          if (!sampleEvidence(version).verdict.pass)
            throw new MillwrightError(
              "gate_failed",
              `Version ${version.number} did not pass its gates.`
            );
          await move(model, String(version.number), reason);
        },
        rollback: ({ model, reason }) => move(model, void 0, reason)
      }),
      ...runRoutes({
        engine: empty ? { ...engine, list: async () => [] } : engine,
        clock,
        status: async () => ({
          project: empty ? "new-project" : "mail-security",
          version: "0.1.0",
          gateway: { url: "http://127.0.0.1:7401", ready: !empty },
          models: empty ? 0 : 3,
          openIncidents: (await incidents2()).filter((i) => i.state === "open").length
        })
      }),
      ...datasetRoutes({
        names: async () => empty ? [] : Object.keys(datasets2),
        versions: async (name) => datasets2[name] ?? []
      }),
      ...incidentRoutes({ incidents: incidents2, series: async (model) => sampleSeries(model) })
    ]
  });
}

// scratch/shots.ts
var out = process.argv[2];
var only = process.argv[3];
var s = await sampleServer();
var e = await sampleServer({ empty: true });
var b = await openBrowser();
var pages = [
  ["overview", s.url + "/"],
  ["model", s.url + "/models/phishing"],
  ["shock", s.url + "/models/passengers"],
  ["leaderboard", s.url + "/models/phishing/leaderboard"],
  ["evaluation", s.url + "/models/phishing/evaluation"],
  ["versions", s.url + "/models/phishing/versions"],
  ["history", s.url + "/models/phishing/history"],
  ["runs", s.url + "/runs"],
  ["run", s.url + "/runs/run_01k9train4"],
  ["runfailed", s.url + "/runs/run_01k9churn1"],
  ["datasets", s.url + "/datasets"],
  ["dataset", s.url + "/datasets/mail"],
  ["incidents", s.url + "/incidents"],
  ["empty", e.url + "/"],
  ["emptydata", e.url + "/datasets"],
  ["untrained", s.url + "/models/renewals"]
];
for (const [w, h, dark] of [[1440, 900, false], [390, 844, true], [1440, 900, true], [390, 844, false]]) {
  const { page, problems } = await b.page({ width: w, height: h, dark });
  for (const [name, url] of pages) {
    if (only && !only.split(",").includes(name)) continue;
    await page.goto(url);
    await page.waitForSelector("h1");
    await page.waitForTimeout(350);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) console.log("OVERFLOW", name, w, wide);
    await page.screenshot({ path: `${out}/${name}-${w}-${dark ? "dark" : "light"}.png`, fullPage: true });
  }
  if (problems.length) console.log(w, dark, problems);
}
await b.close();
await s.close(100);
await e.close(100);
process.exit(0);
