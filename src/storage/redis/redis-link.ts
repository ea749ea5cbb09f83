import { setTimeout as sleep } from "node:timers/promises";
import type { RedisArgument } from "@redis/client";
import { MillwrightError } from "../../errors.ts";
import { wordsOf } from "../../lib/words-of.ts";
import { inTime } from "../in-time.ts";
import { redisError, refusesLogin } from "./redis-errors.ts";
import type { RedisPlace } from "./redis-url.ts";

/** Sends one command; those sent in one turn of the event loop share a round trip. Replies: bytes, integers, lists, null. */
export type Send = (command: readonly RedisArgument[]) => Promise<unknown>;

export interface RedisLink {
  /**
   * Commands that belong together, with one deadline for all. `again`: carrying them out twice does no harm, so they are sent again when
   * the connection broke. Errors are in our words; those of the server as they come go to `body` first.
   */
  ask<T>(body: (send: Send) => Promise<T>, again: boolean): Promise<T>;
  close(): Promise<void>;
}

/** One `ask`. What it waits for is told when it is over. (An AbortController would cost as much as the rest.) */
interface Call {
  over: boolean;
  wake: (() => void) | undefined;
}

const AGAIN_MS = 10;
const CONNECT_MS = 5000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;
/** A connection over which nothing came for so long, pings included, is dead. */
const SILENT_MS = 30_000;
const PING_MS = 10_000;
/** Commands that wait for an answer; beyond, calls fail at once instead of filling the memory. */
const MOST_WAITING = 50_000;

/** One connection, made with the first call and again whenever it breaks, with pauses up to two seconds, for as long as it is open. */
export function redisLink(place: RedisPlace): RedisLink {
  const { timeoutMs } = place;
  let opened: ReturnType<typeof connect> | undefined;
  let closed = false;
  /** Why there is no connection. */
  let why: unknown;
  const waiting = new Set<{ go(): void; fail(error: unknown): void }>();

  async function connect() {
    const { createClient, RESP_TYPES } = await import("@redis/client");
    const { host, port, username, password, database, ca } = place;
    const socket = {
      ...{ host, port, connectTimeout: CONNECT_MS, socketTimeout: SILENT_MS },
      reconnectStrategy: (attempt: number) =>
        Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2),
    };
    const client = createClient({
      socket: place.tls
        ? { ...socket, tls: true, servername: host, ...(ca === undefined ? {} : { ca }) }
        : socket,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...{ database, pingInterval: PING_MS, commandsQueueMaxLength: MOST_WAITING },
      // What waits for a connection waits here, where its deadline can take it back.
      disableOfflineQueue: true,
      // As little as possible that a proxy or an old server might not know.
      ...{ RESP: 2, disableClientInfo: true, maintNotifications: "disabled" },
      commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    });
    client.on("ready", () => {
      why = undefined;
      for (const one of waiting) one.go();
    });
    client.on("error", (error: unknown) => {
      why = error;
      if (refusesLogin(error)) for (const one of waiting) one.fail(error);
    });
    client.connect().catch(() => undefined);
    return client;
  }

  const client = () => {
    if (closed) throw new MillwrightError("unavailable", "The state store is closed.");
    opened ??= connect().catch((error) => {
      opened = undefined;
      throw new MillwrightError(
        "unavailable",
        `The client for Redis cannot be loaded: ${wordsOf(error)}.`,
        { cause: error },
      );
    });
    return opened;
  };

  /** Fails at once when the server said that it does not want us. */
  const ready = (call: Call): Promise<void> =>
    new Promise((resolve, reject) => {
      if (refusesLogin(why)) return reject(why);
      const one = {
        go: () => leave(resolve),
        fail: (error: unknown) => leave(() => reject(error)),
      };
      const leave = (then: () => void) => {
        waiting.delete(one);
        then();
      };
      waiting.add(one);
      call.wake = one.go;
    });

  async function carryOut<T>(
    body: (send: Send) => Promise<T>,
    again: boolean,
    call: Call,
  ): Promise<T> {
    const to = await client();
    const send: Send = (command) => to.sendCommand(command);
    for (;;) {
      while (!to.isReady && !call.over) await ready(call);
      // Nobody waits any more; what is thrown here nobody hears.
      if (call.over) throw new Error("too late");
      try {
        return await body(send);
      } catch (error) {
        if (!again || !(await passes(error))) throw error;
        await sleep(AGAIN_MS);
      }
    }
  }

  return {
    async ask(body, again) {
      const call: Call = { over: false, wake: undefined };
      const work = carryOut(body, again, call);
      try {
        return await inTime(work, timeoutMs, () => late(place, why));
      } catch (error) {
        throw redisError(error, place, again);
      } finally {
        call.over = true;
        call.wake?.();
      }
    },
    async close() {
      closed = true;
      const to = await opened?.catch(() => undefined);
      if (to === undefined) return;
      if (to.isReady) await inTime(to.close(), timeoutMs, Error).catch(() => undefined);
      if (to.isOpen) to.destroy();
    },
  };
}

/** The connection broke, or the server has just started. */
async function passes(error: unknown): Promise<boolean> {
  const { SocketClosedUnexpectedlyError, ClientOfflineError, DisconnectsClientError } =
    await import("@redis/client");
  return (
    error instanceof SocketClosedUnexpectedlyError ||
    error instanceof ClientOfflineError ||
    error instanceof DisconnectsClientError ||
    wordsOf(error).startsWith("LOADING") ||
    ["ECONNRESET", "EPIPE"].includes((error as NodeJS.ErrnoException)?.code ?? "")
  );
}

const late = ({ host, port, timeoutMs }: RedisPlace, why: unknown): MillwrightError =>
  new MillwrightError(
    why === undefined ? "timeout" : "unavailable",
    why === undefined
      ? `Redis at ${host}:${port} did not answer within ${timeoutMs} ms. Whether the call will be carried out is not known. Look whether the server is overloaded or paused, or allow more time (STATE_URL …?timeout=<ms>).`
      : `Redis at ${host}:${port} cannot be reached: ${wordsOf(why)}. Waited ${timeoutMs} ms for a connection; further attempts are made. Check STATE_URL, and that the server runs.`,
  );
