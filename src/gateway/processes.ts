import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { MillwrightError } from "../errors.ts";
import { addressError, urlAt } from "../http/arrivals.ts";
import type { Log } from "../lib/log.ts";
import { type Message, type Question, URL_VARIABLE } from "./siblings.ts";

export interface Processes {
  /** The shared URL, when every process has reported ready the first time. */
  readonly ready: Promise<string>;
  /** Replaces the processes one after the other: the next one goes when its successor is ready. */
  restart(): Promise<void>;
  /** SIGTERM to all; SIGKILL for those that have not ended after `stopMs`. */
  stop(): Promise<void>;
}

export interface ProcessesOptions {
  readonly entry: string;
  readonly args: readonly string[];
  readonly count: number;
  /** Where this process listens for all of them; port 0 picks a free one. */
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  readonly stopMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that dies before it was ever ready, so often, will not become ready. */
const MAX_FAILED_STARTS = 5;
const FIRST_WAIT_MS = 100;
const LAST_WAIT_MS = 5000;
/** A process that lived so long has not failed at its start. */
const STEADY_MS = 10_000;
const ANSWER_MS = 5000;

/**
 * Several processes behind one port: this one accepts connections and hands them out in turn; the others answer. One that dies
 * is started again within a tenth of a second (doubling to five seconds when it keeps dying); its siblings notice nothing but
 * more work. Also carries what siblings ask each other. (Connections are handed out here and not by node:cluster, which loses
 * those it is just handing to a process that dies: their callers would wait for ever. gRPC, whose server cannot be given a
 * connection, goes through node:cluster.)
 */
export async function runProcesses(options: ProcessesOptions): Promise<Processes> {
  const { log } = options;
  const door = await openDoor(options);
  cluster.setupPrimary({ exec: options.entry, args: [...options.args] });
  const slots = Array.from({ length: options.count }, (_, index): Slot => ({ index, failures: 0 }));
  let stopping = false;
  let announce: (url: string) => void = () => {};
  let refuse: (error: Error) => void = () => {};
  const ready = new Promise<string>((resolve, reject) => {
    announce = resolve;
    refuse = reject;
  });
  ready.catch(() => undefined);
  let url = "";

  function start(slot: Slot): Worker {
    const started = Date.now();
    const worker = cluster.fork({ ...options.env, [URL_VARIABLE]: door.url });
    slot.starting = worker;
    worker.on("message", (message: Message | { ready?: boolean; url?: string }) => {
      if ("gateway" in message) {
        if (message.gateway === "accepted") accepted(message.id);
        else relay(worker, message);
      } else if (message.ready) {
        // From here on it gets the connections; the one before it, if it still lives, no more.
        slot.worker = worker;
        slot.starting = undefined;
        slot.everReady = true;
        url = message.url ?? url;
        worker.emit("millwright ready");
        handOut();
        if (slots.every((one) => one.everReady)) announce(url);
      }
    });
    worker.on("error", (error) => log.warn("gateway process", { error: error.message }));
    worker.on("exit", (code, signal) => {
      forget(worker);
      takeBack(worker);
      if (slot.worker === worker) slot.worker = undefined;
      else if (slot.starting === worker) slot.starting = undefined;
      // Its successor has the slot already.
      else return;
      if (stopping) return;
      slot.failures = Date.now() - started > STEADY_MS ? 0 : slot.failures + 1;
      if (!slot.everReady && (code === 2 || slot.failures >= MAX_FAILED_STARTS))
        refuse(
          new MillwrightError("unavailable", "The gateway's processes end before they are ready."),
        );
      const wait = Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, slot.failures - 1));
      log.warn("a gateway process ended; starting it again", {
        ...{ process: slot.index, how: signal ?? `code ${code}`, inMs: wait },
      });
      setTimeout(() => {
        if (!stopping && slot.worker === undefined && slot.starting === undefined) start(slot);
      }, wait);
    });
    return worker;
  }

  /** Connections that no process has yet, oldest first, and those on their way to one. */
  const unserved: Socket[] = [];
  const onTheWay = new Map<number, { readonly socket: Socket; readonly worker: Worker }>();
  let turn = 0;
  let connections = 0;
  door.server.on("connection", (socket: Socket) => {
    unserved.push(socket);
    handOut();
  });

  function handOut(): void {
    const free = slots.filter((slot) => slot.worker?.isConnected());
    if (free.length === 0) return;
    for (const socket of unserved.splice(0)) {
      const worker = free[turn++ % free.length]!.worker!;
      const id = connections++;
      onTheWay.set(id, { socket, worker });
      const message: Message = { gateway: "connection", id };
      worker.process.send(message, socket, { keepOpen: true }, () => {});
    }
  }

  function accepted(id: number): void {
    onTheWay.get(id)?.socket.destroy();
    onTheWay.delete(id);
  }

  /** Nothing was read of what a process had not accepted when it died. */
  function takeBack(worker: Worker): void {
    for (const [id, { socket, worker: to }] of onTheWay)
      if (to === worker) {
        onTheWay.delete(id);
        unserved.push(socket);
      }
    handOut();
  }

  /** Questions under way: who asked, what was said, whose word is missing. */
  const asked = new Map<number, Asked>();
  let count = 0;

  function relay(from: Worker, message: Message): void {
    if (message.gateway === "ask") pass(from, message.id, message.question);
    if (message.gateway === "answer") {
      const question = asked.get(message.id);
      if (question?.missing.delete(from)) question.answers.push(message.answer);
      if (question?.missing.size === 0) finish(message.id);
    }
  }

  function pass(from: Worker, replyTo: number, question: Question): void {
    const id = count++;
    const others = slots.flatMap((slot) =>
      slot.worker !== undefined && slot.worker !== from ? [slot.worker] : [],
    );
    const timer = setTimeout(() => finish(id), ANSWER_MS);
    asked.set(id, { from, replyTo, missing: new Set(others), answers: [], timer });
    for (const other of others) tell(other, { gateway: "question", id, question });
    if (others.length === 0) finish(id);
  }

  function finish(id: number): void {
    const question = asked.get(id);
    if (question === undefined) return;
    asked.delete(id);
    clearTimeout(question.timer);
    const silent = [...question.missing].filter((worker) => !worker.isDead());
    const answers = [...question.answers, ...silent.map(() => undefined)];
    tell(question.from, { gateway: "answers", id: question.replyTo, answers });
  }

  /** A dead process has nothing to say any more. */
  function forget(worker: Worker): void {
    for (const [id, question] of asked)
      if (question.missing.delete(worker) && question.missing.size === 0) finish(id);
  }

  async function end(worker: Worker): Promise<void> {
    if (worker.isDead()) return;
    const gone = once(worker, "exit");
    worker.process.kill("SIGTERM");
    const late = new AbortController();
    const killer = pause(options.stopMs, undefined, { signal: late.signal }).then(
      () => worker.process.kill("SIGKILL"),
      () => undefined,
    );
    await gone;
    late.abort();
    await killer;
  }

  for (const slot of slots) start(slot);
  let restarting: Promise<void> = Promise.resolve();
  return {
    ready,
    restart() {
      const all = async (): Promise<void> => {
        for (const slot of slots) {
          if (stopping) return;
          const old = slot.worker;
          const next = start(slot);
          await Promise.race([once(next, "millwright ready"), once(next, "exit")]);
          if (old !== undefined && slot.worker === next) await end(old);
        }
      };
      restarting = restarting.then(all);
      return restarting;
    },
    async stop() {
      stopping = true;
      door.server.close();
      for (const socket of unserved) socket.destroy();
      await Promise.all(
        Object.values(cluster.workers ?? {}).map((worker) => worker && end(worker)),
      );
      for (const { timer } of asked.values()) clearTimeout(timer);
    },
  };
}

/** Nothing is read here of what comes through it. */
async function openDoor({
  host,
  port,
}: ProcessesOptions): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer({ pauseOnConnect: true });
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (cause) {
    throw addressError(cause, host, port);
  }
  return { server, url: urlAt(host, (server.address() as AddressInfo).port) };
}

interface Slot {
  readonly index: number;
  /** Answers. */
  worker?: Worker | undefined;
  /** Not ready yet. */
  starting?: Worker | undefined;
  everReady?: boolean;
  /** Ends soon after the start, in a row. */
  failures: number;
}

interface Asked {
  readonly from: Worker;
  readonly replyTo: number;
  readonly missing: Set<Worker>;
  readonly answers: unknown[];
  readonly timer: NodeJS.Timeout;
}

/** A process may end at any moment; what is sent to it then is lost, which is what ending means. */
function tell(worker: Worker, message: Message): void {
  if (worker.isConnected()) worker.send(message, () => {});
}
