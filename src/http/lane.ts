import type { Socket } from "node:net";
import { encoded } from "./encoding.ts";
import type { CallerHeaders } from "./entrance.ts";
import type { HttpAnswer, HttpRequest, HttpRoute } from "./http.ts";
import { type LaneBody, type LaneHead, readLaneHead, readPlainJson } from "./lane-request.ts";
import { type LaneMatch, laneRoutes } from "./lane-routes.ts";
import type { RequestObserver } from "./observer.ts";
import { wireAnswer } from "./wire.ts";

/**
 * The fast lane: plain POSTs to hot routes, read from the socket and answered into it, past Node's HTTP parser, its request and
 * response streams and the framework, which together cost more than a prediction (measurements: docs/decisions/0017).
 *
 *   connection ─▶ lane ──plain POST to a hot route──▶ same guard, same handler, same error bodies ─▶ one write
 *                  └──anything else──▶ the bytes go back into the socket, and the socket to Node's server, for good
 *
 * So the lane decides only how fast a request is, never whether it is allowed. `lane.test.ts` sends the same bytes to a server
 * with a lane and to one without and compares.
 */
export interface Lane {
  /** A new connection, of which nothing has been read. */
  accept(socket: Socket): void;
  /** From now on every answer closes its connection. */
  drain(): void;
  /** Ends connections that are not being answered. */
  closeIdle(): void;
  closeAll(): void;
  /** Open connections. */
  readonly connections: number;
}

export interface LaneOptions {
  /** Those with `hot` are served here. */
  readonly routes: readonly HttpRoute[];
  readonly bodyLimit: number;
  /** How long a request may take to arrive. */
  readonly timeoutMs: number;
  /** How long a connection may be silent. */
  readonly keepAliveMs: number;
  enter(headers: CallerHeaders, open: boolean): void;
  requestId(headers: { readonly "x-request-id"?: string | undefined }): string;
  within(work: Promise<HttpAnswer>): Promise<HttpAnswer>;
  problem(thrown: unknown, request: { id: string; path: string; route: string }): HttpAnswer;
  /** Takes a connection with its bytes unread. */
  elsewhere(socket: Socket): void;
  readonly observer?: RequestObserver | undefined;
}

/** Larger bodies take longer to parse than the lane could save. */
const MAX_BODY = 256 * 1024;
const SWEEP_MS = 1000;

export function fastLane(options: LaneOptions): Lane {
  const routes = laneRoutes(options.routes);
  const open = new Set<Connection>();
  const host: ConnectionHost = {
    options,
    bodyLimit: Math.min(options.bodyLimit, MAX_BODY),
    routes,
    draining: false,
    open,
  };
  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of open) connection.endLate(now);
  }, SWEEP_MS).unref();
  return {
    get connections() {
      return open.size;
    },
    accept(socket) {
      open.add(new Connection(host, socket));
    },
    drain() {
      host.draining = true;
    },
    closeIdle() {
      for (const connection of open) connection.closeIfIdle();
    },
    closeAll() {
      clearInterval(sweep);
      for (const connection of open) connection.destroy();
    },
  };
}

interface ConnectionHost {
  readonly options: LaneOptions;
  readonly bodyLimit: number;
  readonly routes: ReturnType<typeof laneRoutes>;
  readonly open: Set<Connection>;
  draining: boolean;
}

/**
 *   idle ──bytes──▶ reading ──whole request──▶ answering ──written──▶ idle
 *     └──────────────┴── not for us ──▶ handed over (no listener of ours is left)
 *
 * One request at a time: what arrives meanwhile waits, in the socket once it is more than a body's worth.
 */
class Connection {
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  #unread: Buffer | undefined;
  /** When the first byte of a request came that is not whole yet. */
  #readingSince: number | undefined;
  #answering = false;
  #ended = false;

  constructor(host: ConnectionHost, socket: Socket) {
    this.#host = host;
    this.#socket = socket;
    socket.setTimeout(host.options.keepAliveMs);
    socket.setNoDelay(true);
    for (const [event, listener] of this.#listeners) socket.on(event, listener);
  }

  readonly #listeners: readonly (readonly [string, (chunk: Buffer) => void])[] = [
    ["data", (chunk) => this.#take(chunk)],
    ["end", () => this.#end()],
    ["timeout", () => this.closeIfIdle()],
    ["drain", () => this.#goOn()],
    // The connection is closed after an error; there is nobody to tell.
    ["error", () => {}],
    ["close", () => void this.#host.open.delete(this)],
  ];

  /** A caller who sends his request too slowly is told so, as Node's server does. */
  endLate(now: number): void {
    if (this.#readingSince === undefined || this.#answering) return;
    if (now - this.#readingSince < this.#host.options.timeoutMs) return;
    this.#socket.write("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
    this.#socket.destroySoon();
  }

  closeIfIdle(): void {
    if (!this.#answering) this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#unread = this.#unread === undefined ? chunk : Buffer.concat([this.#unread, chunk]);
    if (!this.#answering) this.#read();
    else if (this.#unread.length > this.#host.bodyLimit) this.#socket.pause();
  }

  #end(): void {
    this.#ended = true;
    this.closeIfIdle();
  }

  #read(): void {
    if (this.#unread === undefined) return;
    const taken = takeRequest(this.#host, this.#unread);
    if (taken === "more") this.#readingSince ??= performance.now();
    else if (taken === "elsewhere") this.#handOver();
    else {
      this.#unread = taken.rest;
      this.#readingSince = undefined;
      this.#answer(taken);
    }
  }

  #handOver(): void {
    const socket = this.#socket;
    this.#host.open.delete(this);
    for (const [event, listener] of this.#listeners) socket.removeListener(event, listener);
    socket.setTimeout(0);
    if (this.#unread !== undefined) socket.unshift(this.#unread);
    this.#host.options.elsewhere(socket);
    if (this.#ended) socket.emit("end");
  }

  #answer({ route, params, head: { path, headers }, body, text }: Taken): void {
    const { options } = this.#host;
    const started = performance.now();
    const { observer } = options;
    const note = observer?.began(headers);
    const id = options.requestId(headers);
    this.#answering = true;
    const finish = (answer: HttpAnswer): void => {
      this.#write(answer, id);
      observer?.answered({
        method: route.method,
        route: route.path,
        params,
        id,
        note,
        status: answer.status ?? 200,
        durationMs: performance.now() - started,
      });
    };
    const fail = (error: unknown): void =>
      finish(options.problem(error, { id, path, route: route.path }));
    const at = Date.now();
    const request: HttpRequest = { id, params, query: {}, headers, body, text, at, note };
    try {
      options.enter(headers, route.access === "open");
      const work = route.handle(request);
      if (work instanceof Promise) {
        const asked = route.raw ? headers["accept-encoding"] : undefined;
        const whole = asked === undefined ? work : work.then((answer) => compressed(answer, asked));
        options.within(whole).then(finish, fail);
      } else finish(work);
    } catch (error) {
      fail(error);
    }
  }

  #write(answer: HttpAnswer, id: string): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    const last = this.#host.draining || this.#ended;
    const { head, body } = wireAnswer(
      answer,
      id,
      last ? undefined : this.#host.options.keepAliveMs,
    );
    if (typeof body === "string") socket.write(head + body, "utf8");
    else {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body);
      socket.uncork();
    }
    this.#answering = false;
    if (last) socket.destroySoon();
    else this.#goOn();
  }

  /** Reads on when the answer has left: who does not take his answers does not get to ask more. */
  #goOn(): void {
    if (this.#answering || this.#socket.writableNeedDrain) return;
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#read();
  }
}

interface Taken extends LaneMatch, LaneBody {
  readonly head: LaneHead;
  /** Bytes behind this request. */
  readonly rest: Buffer | undefined;
}

/** The first request in `bytes`, when it is whole and one for the lane. */
function takeRequest(host: ConnectionHost, bytes: Buffer): Taken | "more" | "elsewhere" {
  const head = readLaneHead(bytes);
  if (typeof head === "string") return head;
  const match = host.routes(head.path);
  if (match === undefined || head.bodyBytes > host.bodyLimit) return "elsewhere";
  const end = head.bodyAt + head.bodyBytes;
  if (bytes.length < end) return "more";
  const read = bodyFor(match.route, head, bytes.subarray(head.bodyAt, end));
  if (read === undefined) return "elsewhere";
  const { route, params } = match;
  const rest = bytes.length === end ? undefined : bytes.subarray(end);
  return { route, params, head, body: read.body, text: read.text, rest };
}

const JSON_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i;

function bodyFor(route: HttpRoute, { headers }: LaneHead, bytes: Buffer): LaneBody | undefined {
  if (route.raw) return { body: bytes, text: undefined };
  return JSON_TYPE.test(headers["content-type"] ?? "") ? readPlainJson(bytes) : undefined;
}

async function compressed(answer: HttpAnswer, accepted: string): Promise<HttpAnswer> {
  const { body } = answer;
  const plain = typeof body === "string" || body instanceof Uint8Array;
  const made = plain ? await encoded(body, accepted) : undefined;
  if (made === undefined) return answer;
  const headers = { ...answer.headers, "content-encoding": made.coding, vary: "accept-encoding" };
  return { ...answer, headers, body: made.body };
}
