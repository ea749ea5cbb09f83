import type { Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { MillwrightError } from "../errors.ts";
import type { Lane } from "./lane.ts";

/** Where a server is reached. */
export interface Address {
  /** e.g. `http://127.0.0.1:7401`. */
  readonly url: string;
}

/** Connections of a listener in another process. */
export interface Arrivals extends Address {
  /** Calls for every connection, of which nothing has been read. */
  each(take: (socket: Socket) => void): void;
}

/** How long connections without a request stay open while the server closes. */
const IDLE_MS = 500;

/** @param host as configured; every interface is shown as this machine. */
export function urlAt(host: string, port: number): string {
  const shown = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;
}

export async function listen(app: FastifyInstance, host: string, port: number): Promise<Address> {
  try {
    await app.listen({ host, port });
    return { url: urlAt(host, (app.server.address() as AddressInfo).port) };
  } catch (cause) {
    await app.close();
    throw addressError(cause, host, port);
  }
}

/** Why an address cannot be listened on, in words. */
export function addressError(cause: unknown, host: string, port: number): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === "EADDRINUSE")
    return new MillwrightError(
      "conflict",
      `Port ${port} on ${host} is taken by another process. Stop it, or choose another port (MILLWRIGHT_PORT, MILLWRIGHT_GATEWAY_PORT).`,
      { cause },
    );
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return new MillwrightError("invalid_config", `host ${host} is no address of this machine.`, {
      cause,
    });
  if (code === "EACCES")
    return new MillwrightError(
      "invalid_config",
      `Port ${port} needs more rights than this process has. Choose one above 1023.`,
      { cause },
    );
  return cause;
}

/** The connections of a server that are open. */
export function tracked(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  server.prependListener("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return open;
}

/** Serves connections that another process accepted. */
export async function receive(app: FastifyInstance, arrivals: Arrivals): Promise<void> {
  await app.ready();
  // Node's server begins to look for late requests when it listens.
  app.server.emit("listening");
  arrivals.each((socket) => {
    socket.setNoDelay(true);
    app.server.emit("connection", socket);
  });
}

/** Connections that wait for nothing get a moment to send one more request, and with its answer `Connection: close`. */
export async function endAll(
  app: FastifyInstance,
  {
    open,
    lane,
    drainMs,
  }: {
    readonly open: ReadonlySet<Socket>;
    readonly lane: Lane | undefined;
    readonly drainMs: number;
  },
): Promise<void> {
  const { server } = app;
  const force = setTimeout(() => {
    for (const socket of open) socket.destroy();
  }, drainMs);
  const idle = setTimeout(
    () => {
      lane?.closeIdle();
      server.closeIdleConnections();
    },
    Math.min(IDLE_MS, drainMs),
  );
  if (server.listening) server.close();
  while (open.size > 0)
    await Promise.all([...open].map((socket) => new Promise((done) => socket.once("close", done))));
  await app.close().finally(() => {
    clearTimeout(force);
    clearTimeout(idle);
    lane?.closeAll();
  });
}
