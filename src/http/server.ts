import { timingSafeEqual } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Problem } from "../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../errors.ts";
import type { Log } from "../lib/log.ts";
import { isLoopback } from "../lib/loopback.ts";
import { decoded, encoded } from "./encoding.ts";
import type { HttpAnswer, HttpRoute } from "./http.ts";
import { asMillwrightError, problemOf } from "./problem.ts";

export interface ServerOptions {
  readonly routes: readonly HttpRoute[];
  readonly log: Log;
  /** 127.0.0.1 when left out. Any other interface needs `token`. */
  readonly host?: string | undefined;
  /** 0 picks a free port. */
  readonly port: number;
  /** Bearer token that every request must carry, except to routes with `access: "open"` and static files. */
  readonly token?: string | undefined;
  /** Bytes; larger bodies are answered 413. 16 MiB when left out. */
  readonly bodyLimit?: number;
  /** How long a handler may take before the caller gets 504. 30 s when left out. */
  readonly timeoutMs?: number;
  /** A built web application: its files are served, and index.html for any other GET that asks for HTML. */
  readonly staticDir?: string | undefined;
  /** The body of an error, for paths whose protocol wants fields of its own in it. */
  errorBody?(path: string, problem: Problem): object;
  /** Called once per answered request with the pattern of its route. */
  onAnswer?(route: string, status: number, durationMs: number): void;
}

export interface HttpServer {
  /** e.g. `http://127.0.0.1:7001`. */
  readonly url: string;
  /** Stops accepting, lets requests in flight finish for at most `drainMs` (10 s), then closes their connections. */
  close(drainMs?: number): Promise<void>;
}

const BODY_LIMIT = 16 * 1024 * 1024;

/** Starts listening. Throws `invalid_config` when the address would be open to everybody, `conflict` when the port is taken. */
export async function openServer(options: ServerOptions): Promise<HttpServer> {
  const host = options.host ?? "127.0.0.1";
  if (!isLoopback(host) && (options.token ?? "") === "")
    throw new MillwrightError(
      "invalid_config",
      `Refusing to listen on ${host} without a token: everybody who reaches it could use it. Set a token, or listen on 127.0.0.1.`,
    );
  const app = Fastify({
    bodyLimit: options.bodyLimit ?? BODY_LIMIT,
    requestTimeout: options.timeoutMs ?? 30_000,
    keepAliveTimeout: 65_000,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
    genReqId: requestIds(),
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply, options),
    forceCloseConnections: "idle",
  });
  app.addContentTypeParser(/^text\//, { parseAs: "string" }, (_, body, done) => done(null, body));
  app.addHook("onRequest", guard(options, host));
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, options));
  if (options.staticDir !== undefined)
    await app.register(fastifyStatic, { root: options.staticDir, wildcard: false });
  for (const route of options.routes) if (!route.raw) add(app, route, options);
  await app.register(async (scope) => {
    readBytes(scope, options);
    for (const route of options.routes) if (route.raw) add(scope, route, options);
  });
  app.setNotFoundHandler(notFound(options));
  if (options.onAnswer !== undefined) {
    const { onAnswer } = options;
    app.addHook("onResponse", async (request, reply) => {
      onAnswer(request.routeOptions.url ?? "unknown", reply.statusCode, reply.elapsedTime);
    });
  }
  await listen(app, host, options.port);
  const { port } = app.server.address() as AddressInfo;
  const shown = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return {
    url: `http://${shown.includes(":") ? `[${shown}]` : shown}:${port}`,
    close: (drainMs = 10_000) => close(app, drainMs),
  };
}

function add(app: FastifyInstance, route: HttpRoute, options: ServerOptions): void {
  const timeoutMs = options.timeoutMs ?? 30_000;
  app.route({
    method: route.method,
    url: fastifyPath(route.path),
    config: { open: route.access === "open" },
    handler: async (request, reply) => {
      const answer = await withDeadline(
        route.handle({
          id: request.id,
          params: request.params as Record<string, string>,
          query: request.query as Record<string, string>,
          headers: request.headers as Record<string, string>,
          body: request.body ?? undefined,
          at: Date.now(),
        }),
        timeoutMs,
      );
      return route.raw && request.headers["accept-encoding"] !== undefined
        ? sendEncoded(reply, answer, request)
        : send(reply, answer, request.id);
    },
  });
}

/** Bodies of any content type as bytes, their `Content-Encoding` undone. */
function readBytes(scope: FastifyInstance, { bodyLimit = BODY_LIMIT }: ServerOptions): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => {
    const encoding = request.headers["content-encoding"];
    if (encoding === undefined) done(null, body);
    else
      decoded(body as Buffer, encoding, bodyLimit).then(
        (bytes) => done(null, bytes),
        (error: Error) => done(error),
      );
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
  const streamed = typeof body === "object" && body !== null && Symbol.asyncIterator in body;
  return reply
    .type(answer.type)
    .send(streamed ? Readable.from(body as AsyncIterable<string>) : body);
}

function sendProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { log, errorBody }: ServerOptions,
): FastifyReply {
  const error = asMillwrightError(thrown);
  const problem = problemOf(error);
  if (error.code === "internal")
    log.error("request failed", {
      request: request.id,
      route: request.routeOptions.url,
      error: error.cause instanceof Error ? error.cause.stack : String(error.cause ?? error.stack),
    });
  if (error.code === "overloaded" || error.code === "unavailable") reply.header("retry-after", "1");
  if (error.code === "unauthorized") reply.header("www-authenticate", "Bearer");
  return reply
    .code(error.status)
    .header("x-request-id", request.id)
    .type("application/problem+json; charset=utf-8")
    .send(JSON.stringify(errorBody?.(request.url.split("?", 1)[0]!, problem) ?? problem));
}

/**
 * Who may call. With a token: whoever carries it. Without (loopback only): whoever names this machine in `Host` and does not
 * come from another site's page, so that a page in the same person's browser cannot reach in (DNS rebinding, forged requests).
 */
function guard(options: ServerOptions, host: string) {
  const expected = options.token === undefined ? undefined : Buffer.from(options.token);
  return async (request: FastifyRequest): Promise<void> => {
    if (expected !== undefined) {
      const { open } = request.routeOptions.config as { open?: boolean };
      if (open !== false) return;
      const given = Buffer.from(
        /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "",
      );
      if (given.length === expected.length && timingSafeEqual(given, expected)) return;
      throw new MillwrightError(
        "unauthorized",
        "This server needs a token: send the header `Authorization: Bearer <token>`.",
      );
    }
    const { host: named = host, origin } = request.headers;
    if (!isLoopback(hostName(named)))
      throw new MillwrightError(
        "forbidden",
        `Host ${named} is not this machine. Without a token only localhost and 127.0.0.1 are answered.`,
      );
    if (origin !== undefined && origin !== `http://${named}`)
      throw new MillwrightError("forbidden", `Requests from pages of ${origin} are not accepted.`);
  };
}

const hostName = (host: string): string => host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
const fastifyPath = (path: string): string => path.replace(/\{(\w+)\}/g, ":$1");

function notFound(options: ServerOptions) {
  const patterns = options.routes.map((route) => ({
    method: route.method,
    pattern: new RegExp(
      `^${route.path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, "[^/]+")}/?$`,
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
    throw new MillwrightError("not_found", `Nothing is at ${path.slice(0, 200)}.`);
  };
}

/** The caller's id when it is harmless, else one of ours: unique per process start, cheap. */
function requestIds(): (request: { headers: NodeJS.Dict<string | string[]> }) => string {
  const start = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  let count = 0;
  return ({ headers }) => {
    const given = headers["x-request-id"];
    if (typeof given === "string" && /^[\w.:-]{1,100}$/.test(given)) return given;
    return `req_${start}_${(count++).toString(36)}`;
  };
}

async function withDeadline<T>(work: T | Promise<T>, timeoutMs: number): Promise<T> {
  if (!(work instanceof Promise)) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new MillwrightError("timeout", `No answer within ${timeoutMs} ms.`)),
      timeoutMs,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EADDRINUSE")
      throw new MillwrightError(
        "conflict",
        `Port ${port} on ${host} is taken by another process. Stop it, or choose another port (MILLWRIGHT_PORT, MILLWRIGHT_GATEWAY_PORT).`,
        { cause },
      );
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new MillwrightError("invalid_config", `host ${host} is no address of this machine.`, {
        cause,
      });
    if (code === "EACCES")
      throw new MillwrightError(
        "invalid_config",
        `Port ${port} needs more rights than this process has. Choose one above 1023.`,
        { cause },
      );
    throw cause;
  }
}

async function close(app: FastifyInstance, drainMs: number): Promise<void> {
  const server: Server = app.server;
  const force = setTimeout(() => server.closeAllConnections(), drainMs);
  await app.close().finally(() => clearTimeout(force));
}
