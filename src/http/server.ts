import type { Server } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Problem } from "../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../errors.ts";
import type { Log } from "../lib/log.ts";
import type { RequestNote } from "../lib/request-note.ts";
import { type Arrivals, endAll, listen, receive, tracked } from "./arrivals.ts";
import { arriveWithin, letFlow, readBytes, readStream } from "./bodies.ts";
import { deadlines } from "./deadlines.ts";
import { encoded } from "./encoding.ts";
import { entrance } from "./entrance.ts";
import type { HttpAnswer, HttpRequest, HttpRoute } from "./http.ts";
import { fastLane, type Lane, type LaneOptions } from "./lane.ts";
import type { RequestObserver } from "./observer.ts";
import { asMillwrightError, problemOf } from "./problem.ts";

export interface ServerOptions {
  readonly routes: readonly HttpRoute[];
  readonly log: Log;
  /** 127.0.0.1 when left out. Any other interface needs `token`. */
  readonly host?: string | undefined;
  /** 0 picks a free port. */
  readonly port: number;
  /** Connections that another process accepted, instead of listening at `host` and `port`. */
  readonly connections?: Arrivals | undefined;
  /** Bearer token that every request must carry, except to routes with `access: "open"` and static files. */
  readonly token?: string | undefined;
  /** Bytes; larger bodies are answered 413. 16 MiB when left out. */
  readonly bodyLimit?: number;
  /** How long a handler may take before the caller gets 504. 30 s when left out. */
  readonly timeoutMs?: number;
  /** How long the connection of a streaming route may stand still before it is ended. 10 minutes when left out. */
  readonly stallMs?: number;
  /** A built web application: its files are served, and index.html for any other GET that asks for HTML. */
  readonly staticDir?: string | undefined;
  /** The body of an error, for paths whose protocol wants fields of its own in it. */
  errorBody?(path: string, problem: Problem): object;
  /** Its status, for paths whose protocol counts otherwise; undefined: that of the problem. */
  errorStatus?(path: string, problem: Problem): number | undefined;
  /** false: hot routes are answered like the others. */
  readonly fastLane?: boolean;
  /** Told of every request. */
  readonly observer?: RequestObserver | undefined;
}

export interface HttpServer {
  /** e.g. `http://127.0.0.1:7001`. */
  readonly url: string;
  /** From now on every answer says `Connection: close`; connections are accepted still. */
  drain(): void;
  /** Stops accepting, lets requests in flight finish for at most `drainMs` (10 s), then closes their connections. */
  close(drainMs?: number): Promise<void>;
}

const BODY_LIMIT = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const STALL_MS = 600_000;
const KEEP_ALIVE_MS = 65_000;

/** Starts listening. Throws `invalid_config` when the address would be open to everybody, `conflict` when the port is taken. */
export async function openServer(options: ServerOptions): Promise<HttpServer> {
  const host = options.host ?? "127.0.0.1";
  const enter = entrance(host, options.token);
  const waits = deadlines(options.timeoutMs ?? TIMEOUT_MS);
  const requestId = requestIds();
  const bodyLimit = options.bodyLimit ?? BODY_LIMIT;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  // Node has one limit for all requests; where some may take longer, the others are timed one by one (`bodies.ts`).
  const streams = options.routes.some((route) => route.stream);
  const app = Fastify({
    bodyLimit,
    requestTimeout: streams ? 0 : timeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // MLflow's clients join paths so that slashes may be doubled.
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 500 },
    genReqId: ({ headers }) => requestId(headers),
    // Whoever still asks while we close is answered.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply, options),
    forceCloseConnections: "idle",
  });
  app.addContentTypeParser(/^text\//, { parseAs: "string" }, (_, body, done) => done(null, body));
  if (options.observer !== undefined) observe(app, options);
  app.addHook("onRequest", async ({ headers, routeOptions }) => {
    enter(headers, (routeOptions.config as { open?: boolean }).open !== false);
  });
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, options));
  if (options.staticDir !== undefined)
    await app.register(fastifyStatic, { root: options.staticDir, wildcard: false });
  const within = waits.within.bind(waits);
  const timed = streams ? timeoutMs : undefined;
  if (timed !== undefined) arriveWithin(app, timed);
  for (const route of options.routes) if (!route.raw && !route.stream) add(app, route, within);
  await app.register(async (scope) => {
    readBytes(scope, bodyLimit);
    for (const route of options.routes) if (route.raw) add(scope, route, within);
  });
  await app.register(async (scope) => {
    readStream(scope, options.stallMs ?? STALL_MS);
    for (const route of options.routes) if (route.stream) add(scope, route, within);
  });
  app.setNotFoundHandler(notFound(options));
  let draining = false;
  app.addHook("onSend", async (_, reply) => {
    if (draining) reply.header("connection", "close");
  });
  const lane =
    options.fastLane === false
      ? undefined
      : before(app.server, options, { enter, requestId, within });
  const open = tracked(app.server);
  const { connections } = options;
  const { url } = connections ?? (await listen(app, host, options.port));
  if (connections !== undefined) await receive(app, connections);
  const drain = (): void => {
    draining = true;
    lane?.drain();
  };
  return {
    url,
    drain,
    async close(drainMs = 10_000) {
      drain();
      await endAll(app, { open, lane, drainMs });
      waits.stop();
    },
  };
}

/** Lets new connections come to the fast lane first. Node's own listener gets those the lane does not keep. */
function before(
  server: Server,
  options: ServerOptions,
  shared: Pick<LaneOptions, "enter" | "requestId" | "within">,
): Lane {
  const own = server.listeners("connection") as ((socket: Socket) => void)[];
  const lane = fastLane({
    ...shared,
    routes: options.routes,
    bodyLimit: options.bodyLimit ?? BODY_LIMIT,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    keepAliveMs: KEEP_ALIVE_MS,
    problem: (thrown, request) => problemAnswer(thrown, request, options),
    elsewhere: (socket) => {
      for (const listener of own) listener.call(server, socket);
    },
    observer: options.observer,
  });
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => lane.accept(socket));
  return lane;
}

function add(app: FastifyInstance, route: HttpRoute, within: LaneOptions["within"]): void {
  app.route({
    method: route.method,
    url: fastifyPath(route.path),
    config: { open: route.access === "open", stream: route.stream === true },
    handler: async (request, reply) => {
      const asked = {
        id: request.id,
        params: paramsOf(route.path, request.params as Record<string, string>),
        query: request.query as Record<string, string>,
        headers: request.headers as Record<string, string>,
        body: request.body ?? undefined,
        at: Date.now(),
        note: notes.get(request),
      };
      if (route.stream) return send(reply, await streamed(route, asked, request), request.id);
      const work = route.handle(asked);
      const answer = work instanceof Promise && !route.patient ? await within(work) : await work;
      return route.raw && request.headers["accept-encoding"] !== undefined
        ? sendEncoded(reply, answer, request)
        : send(reply, answer, request.id);
    },
  });
}

/** What the handler leaves of the body is read and dropped: the caller may only listen once it has sent everything. */
async function streamed(
  route: HttpRoute,
  asked: HttpRequest,
  { raw, method }: FastifyRequest,
): Promise<HttpAnswer> {
  const [, search] = raw.url!.split(/\?(.*)/s);
  try {
    const answer = await route.handle({ ...asked, search, body: asked.body ?? Readable.from([]) });
    return method === "HEAD" ? withoutBody(answer) : answer;
  } finally {
    letFlow(raw);
  }
}

/** Its length stays: nothing is read to be thrown away. */
function withoutBody(answer: HttpAnswer): HttpAnswer {
  if (!(answer.body instanceof Readable)) return answer;
  answer.body.destroy();
  return { ...answer, body: Readable.from([]) };
}

/** Of the requests in flight that somebody wants to read about. */
const notes = new WeakMap<FastifyRequest, RequestNote>();

function observe(app: FastifyInstance, { observer, routes }: ServerOptions): void {
  const patterns = new Map(routes.map(({ path }) => [fastifyPath(path), path]));
  app.addHook("onRequest", async (request) => {
    const note = observer?.began(request.headers as { traceparent?: string });
    if (note !== undefined) notes.set(request, note);
  });
  app.addHook("onResponse", async (request, reply) => {
    observer?.answered({
      method: request.method,
      route: patterns.get(request.routeOptions.url ?? "") ?? "unknown",
      params: request.params as Record<string, string>,
      id: request.id,
      status: reply.statusCode,
      durationMs: reply.elapsedTime,
      note: notes.get(request),
    });
  });
}

async function sendEncoded(
  reply: FastifyReply,
  answer: HttpAnswer,
  { id, headers }: FastifyRequest,
): Promise<FastifyReply> {
  const { body } = answer;
  const plain = typeof body === "string" || body instanceof Uint8Array;
  const made = plain ? await encoded(body, headers["accept-encoding"]) : undefined;
  if (made === undefined) return send(reply, answer, id);
  reply.headers({ "content-encoding": made.coding, vary: "accept-encoding" });
  return send(reply, { ...answer, body: made.body }, id);
}

function send(reply: FastifyReply, answer: HttpAnswer, id: string): FastifyReply {
  reply.code(answer.status ?? 200).header("x-request-id", id);
  if (answer.headers !== undefined) reply.headers(answer.headers);
  if (answer.type === undefined)
    return reply
      .type("application/json; charset=utf-8")
      .send(answer.body === undefined ? "{}" : JSON.stringify(answer.body));
  const { body } = answer;
  const flows = typeof body === "object" && body !== null && Symbol.asyncIterator in body;
  return reply
    .type(answer.type)
    .send(
      flows && !(body instanceof Readable) ? Readable.from(body as AsyncIterable<string>) : body,
    );
}

/** What a failed request is answered, whichever way it came in. */
function problemAnswer(
  thrown: unknown,
  request: { readonly id: string; readonly path: string; readonly route: string | undefined },
  { log, errorBody, errorStatus }: ServerOptions,
): HttpAnswer {
  const error = asMillwrightError(thrown);
  const problem = problemOf(error);
  if (error.code === "internal")
    log.error("request failed", {
      request: request.id,
      route: request.route,
      error: error.cause instanceof Error ? error.cause.stack : String(error.cause ?? error.stack),
    });
  const wait = error.code === "overloaded" || error.code === "unavailable";
  return {
    status: errorStatus?.(request.path, problem) ?? error.status,
    headers: {
      ...(wait ? { "retry-after": "1" } : {}),
      ...(error.code === "unauthorized" ? { "www-authenticate": "Bearer" } : {}),
    },
    type: "application/problem+json; charset=utf-8",
    body: JSON.stringify(errorBody?.(request.path, problem) ?? problem),
  };
}

function sendProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  options: ServerOptions,
): FastifyReply {
  const path = request.url.split("?", 1)[0]!;
  const { id, routeOptions, raw } = request;
  // Fastify would close a connection on which too much comes: its sender would see that instead of the answer, and try again.
  if (asMillwrightError(thrown).code === "payload_too_large") {
    reply.removeHeader("connection");
    letFlow(raw);
  }
  return send(reply, problemAnswer(thrown, { id, path, route: routeOptions.url }, options), id);
}

const fastifyPath = (path: string): string =>
  path.replace(/\{\w+\*\}$/, "*").replace(/\{(\w+)\}/g, ":$1");

/** Fastify calls the rest of a path `*`; the route has a name for it. */
function paramsOf(path: string, params: Record<string, string>): Record<string, string> {
  const rest = params["*"];
  if (rest === undefined) return params;
  const name = /\{(\w+)\*\}$/.exec(path)?.[1];
  return name === undefined ? params : { ...params, [name]: rest };
}

function notFound(options: ServerOptions) {
  const patterns = options.routes.map((route) => ({
    method: route.method,
    pattern: new RegExp(
      `^${route.path
        .replace(/[.*+?^$()|[\]\\]/g, "\\$&")
        .replace(/\{\w+\*\}/g, ".+")
        .replace(/\{\w+\}/g, "[^/]+")}/?$`,
    ),
  }));
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const path = request.url.split("?", 1)[0]!;
    const allowed = patterns.filter((p) => p.pattern.test(path)).map((p) => p.method);
    if (allowed.length > 0) {
      reply.header("allow", allowed.join(", "));
      throw new MillwrightError(
        "method_not_allowed",
        `${request.method} is not possible on ${path}; use ${allowed.join(" or ")}.`,
      );
    }
    const wantsPage = request.method === "GET" && request.headers.accept?.includes("text/html");
    if (options.staticDir !== undefined && wantsPage) return reply.sendFile("index.html");
    // No method is possible: what tells a path that is none from a thing that is not there.
    throw new MillwrightError("not_found", `Nothing is at ${path.slice(0, 200)}.`, {
      details: { allowed },
    });
  };
}

/** The caller's id when it is harmless, else one of ours: unique per process start, cheap. */
function requestIds(): (headers: NodeJS.Dict<string | string[]>) => string {
  const start = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  let count = 0;
  return (headers) => {
    const given = headers["x-request-id"];
    if (typeof given === "string" && /^[\w.:-]{1,100}$/.test(given)) return given;
    return `req_${start}_${(count++).toString(36)}`;
  };
}
