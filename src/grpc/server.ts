import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  logVerbosity,
  type Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  setLogVerbosity,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { MillwrightError } from "../errors.ts";
import type { Log } from "../lib/log.ts";
import { isLoopback } from "../lib/loopback.ts";
import type { GrpcMethod } from "./grpc.ts";
import { asMillwrightError, statusOf } from "./status.ts";

/** What goes wrong is thrown or logged here, with words; the library's own lines on stderr would be strangers there. */
setLogVerbosity(logVerbosity.NONE);

export interface GrpcServerOptions {
  readonly methods: readonly GrpcMethod[];
  readonly log: Log;
  /** 127.0.0.1 when left out. Any other interface needs `token`. */
  readonly host?: string | undefined;
  /** 0 picks a free port; undefined: no gRPC. */
  readonly port: number | undefined;
  /** Every call needs the metadata `authorization: Bearer <token>`, except methods with `access: "open"`. */
  readonly token?: string | undefined;
  /** Bytes of one message, after decompression; larger ones are answered RESOURCE_EXHAUSTED. 16 MiB when left out. */
  readonly messageLimit?: number;
  /** How long a call without a deadline of its own may take. 30 s when left out. */
  readonly timeoutMs?: number;
  /** Called once per answered message; `status` in HTTP's numbers. */
  onAnswer?(path: string, status: number, durationMs: number): void;
}

export interface GrpcServer {
  /** e.g. `127.0.0.1:7402`, as clients take it. */
  readonly address: string;
  /** Stops accepting, lets calls in flight finish for at most `drainMs` (10 s), then ends their connections. */
  close(drainMs?: number): Promise<void>;
}

/** Starts listening, without encryption. Throws `invalid_config` when everybody could call, `conflict` when the port is taken. */
export async function openGrpcServer(options: GrpcServerOptions): Promise<GrpcServer | undefined> {
  if (options.port === undefined) return undefined;
  const host = options.host ?? "127.0.0.1";
  if (!isLoopback(host) && (options.token ?? "") === "")
    throw new MillwrightError(
      "invalid_config",
      `Refusing gRPC on ${host} without a token: everybody who reaches it could use it. Set a token, or listen on 127.0.0.1.`,
    );
  const server = new Server({
    "grpc.max_receive_message_length": options.messageLimit ?? 16 * 1024 * 1024,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": 1000,
  });
  const admit = admission(options.token);
  const definitions: Record<string, MethodDefinition<Uint8Array, Uint8Array>> = {};
  const handlers: UntypedServiceImplementation = {};
  for (const method of options.methods) {
    definitions[method.path] = definitionOf(method);
    handlers[method.path] = method.stream
      ? streaming(method, options, admit)
      : unary(method, options, admit);
  }
  server.addService(definitions, handlers);
  const shown = host.includes(":") ? `[${host}]` : host;
  const port = await bind(server, shown, options.port);
  return {
    address: `${shown === "0.0.0.0" || shown === "[::]" ? "127.0.0.1" : shown}:${port}`,
    close: (drainMs = 10_000) => close(server, drainMs),
  };
}

const plain = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const definitionOf = (method: GrpcMethod): MethodDefinition<Uint8Array, Uint8Array> => ({
  path: method.path,
  requestStream: method.stream ?? false,
  responseStream: method.stream ?? false,
  requestSerialize: plain,
  requestDeserialize: (bytes) => bytes,
  responseSerialize: plain,
  responseDeserialize: (bytes) => bytes,
});

type Admit = (method: GrpcMethod, metadata: Metadata) => void;

/** Who may call: with a token whoever carries it; without one the address is loopback, which no page in a browser can speak gRPC to. */
function admission(token: string | undefined): Admit {
  const expected = token === undefined ? undefined : Buffer.from(token);
  return (method, metadata) => {
    if (expected === undefined || method.access === "open") return;
    const [sent = ""] = metadata.get("authorization");
    const given = Buffer.from(/^Bearer (.+)$/i.exec(String(sent))?.[1] ?? "");
    if (given.length === expected.length && timingSafeEqual(given, expected)) return;
    throw new MillwrightError(
      "unauthorized",
      "This server needs a token: send the metadata `authorization: Bearer <token>`.",
    );
  };
}

function unary(
  method: GrpcMethod,
  options: GrpcServerOptions,
  admit: Admit,
): handleUnaryCall<Uint8Array, Uint8Array> {
  return async (call, callback) => {
    try {
      admit(method, call.metadata);
      callback(null, await answered(method, call.request, options));
    } catch (error) {
      callback(statusOf(error as MillwrightError));
    }
  };
}

function streaming(
  method: GrpcMethod,
  options: GrpcServerOptions,
  admit: Admit,
): handleBidiStreamingCall<Uint8Array, Uint8Array> {
  return async (call) => {
    try {
      admit(method, call.metadata);
      for await (const message of call.iterator({ destroyOnReturn: false })) {
        const answer = await answered(method, message, options);
        if (call.cancelled) return;
        if (!call.write(answer)) await once(call, "drain");
      }
      call.end();
    } catch (error) {
      if (!call.cancelled) call.emit("error", statusOf(asMillwrightError(error)));
    }
  };
}

/** Throws only MillwrightErrors. */
async function answered(
  method: GrpcMethod,
  message: Uint8Array,
  { log, onAnswer, timeoutMs = 30_000 }: GrpcServerOptions,
): Promise<Uint8Array> {
  const started = performance.now();
  let status = 200;
  try {
    return await withDeadline(method.handle(message, Date.now()), timeoutMs);
  } catch (thrown) {
    const error = asMillwrightError(thrown);
    status = error.status;
    if (error.code === "internal")
      log.error("request failed", {
        route: method.path,
        error: error.cause instanceof Error ? error.cause.stack : String(error.stack),
      });
    throw error;
  } finally {
    onAnswer?.(method.path, status, performance.now() - started);
  }
}

/** The caller's own deadline is kept by the library, which answers DEADLINE_EXCEEDED then. */
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

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (cause, bound) => {
      if (cause === null) return resolve(bound);
      server.forceShutdown();
      const taken = /EADDRINUSE/.test(cause.message);
      reject(
        new MillwrightError(
          taken ? "conflict" : "invalid_config",
          taken
            ? `Port ${port} on ${host} is taken by another process. Stop it, choose another port for gRPC (MILLWRIGHT_GRPC_PORT), or set it to off.`
            : `gRPC cannot listen on ${host}:${port}: ${cause.message.slice(0, 200)}`,
          { cause },
        ),
      );
    });
  });
}

function close(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.forceShutdown(), drainMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
