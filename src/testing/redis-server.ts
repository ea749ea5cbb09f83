import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";

export interface RedisServer {
  readonly port: number;
  /** It keeps its data over this: the append-only file is written with every command. */
  restart(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const BINARY = process.env.REDIS_SERVER ?? "redis-server";

/** A server of other people (Redis or Valkey) of its own, in a temporary folder. Throws with what to do when none is installed. */
export async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
  if (spawnSync(BINARY, ["--version"]).error)
    throw new Error(
      `${BINARY} cannot be run. Install it (apt-get install redis-server), or name another with REDIS_SERVER (for example valkey-server).`,
    );
  const folder = mkdtempSync(join(tmpdir(), "millwright-redis-"));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const tls = args.includes("--tls-port");
  const start = async (): Promise<void> => {
    const where = tls ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)];
    const others = args.filter((arg) => arg !== "--tls-port");
    const own = ["--bind", "127.0.0.1", "--dir", folder, "--save", ""];
    const kept = ["--appendonly", "yes", "--appendfsync", "no"];
    child = spawn(BINARY, [...where, ...own, ...kept, ...others], { stdio: "ignore" });
    const started = child;
    while (!(await answers(port))) {
      if (started.exitCode !== null) throw new Error(`${BINARY} ended with ${started.exitCode}.`);
      await sleep(20);
    }
  };
  const kill = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, "exit");
    running.kill("SIGKILL");
    await ended;
  };
  await start();
  return {
    ...{ port, start, kill },
    restart: () => kill().then(start),
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const up = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return up;
}
