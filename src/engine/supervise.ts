import { type ChildProcess, fork } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { MillwrightError } from "../errors.ts";
import type { Log } from "../lib/log.ts";

export interface Part {
  readonly name: string;
  readonly args: readonly string[];
}

export interface Supervised {
  /** Resolves when every part has reported ready the first time: its name and URL. */
  readonly ready: Promise<Readonly<Record<string, string>>>;
  /** SIGTERM, then SIGKILL after 10 s. */
  stop(): Promise<void>;
}

/** A part that dies this often within a minute before it was ever ready is given up; later it is started again for ever. */
const MAX_RESTARTS_PER_MINUTE = 4;
const STOP_MS = 10_000;

/**
 * Starts parts as child processes and keeps them running:
 *
 *     starting ──ready──▶ running ──exit──▶ waiting (0.2 s, doubling to 5 s) ──▶ starting
 *        └──────exit────────────────────────────┘        └─ never ready, more than 4 exits a minute ─▶ given up
 *
 * Children notice the end of their IPC channel, so they drain and leave when this process is killed. Output of each part is
 * appended to `<logDir>/<name>.log`.
 */
export function supervise(options: {
  readonly entry: string;
  readonly parts: readonly Part[];
  readonly logDir: string;
  readonly log: Log;
}): Supervised {
  mkdirSync(options.logDir, { recursive: true });
  const running = new Map<string, ChildProcess>();
  const urls: Record<string, string> = {};
  let stopping = false;
  let announce: (urls: Record<string, string>) => void = () => {};
  let refuse: (error: Error) => void = () => {};
  const ready = new Promise<Readonly<Record<string, string>>>((resolve, reject) => {
    announce = resolve;
    refuse = reject;
  });

  const start = (part: Part, exits: readonly number[]): void => {
    const out = createWriteStream(join(options.logDir, `${part.name}.log`), { flags: "a" });
    let tail = "";
    const child = fork(options.entry, part.args, { stdio: ["ignore", "pipe", "pipe", "ipc"] });
    running.set(part.name, child);
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        out.write(chunk);
        tail = (tail + chunk.toString("utf8")).slice(-2000);
      });
    child.on("message", (message: { ready?: boolean; url?: string }) => {
      if (!message.ready) return;
      urls[part.name] = message.url ?? "";
      if (options.parts.every((p) => p.name in urls)) announce(urls);
    });
    child.on("exit", (code, signal) => {
      out.end();
      running.delete(part.name);
      if (stopping) return;
      const now = Date.now();
      const recent = [...exits.filter((at) => now - at < 60_000), now];
      const how = signal ? `signal ${signal}` : `code ${code}`;
      const last = lastWords(tail);
      const everReady = part.name in urls;
      if (!everReady && (code === 2 || recent.length > MAX_RESTARTS_PER_MINUTE)) {
        refuse(new MillwrightError("unavailable", `${part.name} could not start: ${last || how}`));
        return;
      }
      const wait = Math.min(5000, 200 * 2 ** (recent.length - 1));
      const why = everReady || last === "" ? "" : `: ${last}`;
      options.log.warn(`${part.name} ended (${how}); starting it again in ${wait} ms${why}`);
      setTimeout(() => !stopping && start(part, recent), wait);
    });
  };
  for (const part of options.parts) start(part, []);

  return {
    ready,
    async stop() {
      stopping = true;
      await Promise.all(
        [...running.values()].map(
          (child) =>
            new Promise<void>((resolve) => {
              const killer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
              child.once("exit", () => {
                clearTimeout(killer);
                resolve();
              });
              child.kill("SIGTERM");
            }),
        ),
      );
    },
  };
}

/** Of what a part wrote before it ended. */
const lastWords = (tail: string): string =>
  tail
    .trim()
    .split("\n")
    .slice(-3)
    .join("\n")
    .replace(/^error \[\w+\] /, "");
