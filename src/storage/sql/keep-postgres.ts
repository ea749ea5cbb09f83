import type { Log } from "../../lib/log.ts";
import { type EmbeddedPostgres, ensurePostgres } from "./embedded.ts";
import { processAlive } from "./process-alive.ts";

export interface KeptPostgres {
  readonly url: string;
  readonly pid: number;
  readonly adopted: boolean;
  /** Ends the supervision and shuts the server down. */
  stop(): Promise<void>;
  /** Ends the supervision; the server goes on. */
  release(): Promise<void>;
}

/**
 * `ensurePostgres`, and again whenever the server is gone (killed, out of memory, machine trouble): looked at four times a
 * second. The port, and so the URL, stays the same unless another program took it; `onMoved` then tells the new one.
 * Does not keep the process alive.
 */
export async function keepPostgres(options: {
  dataDir: string;
  log: Log;
  onMoved?: (url: string) => void;
}): Promise<KeptPostgres> {
  let server: EmbeddedPostgres = await ensurePostgres(options);
  let over = false;
  let restarting: Promise<void> = Promise.resolve();
  let busy = false;

  const restart = async (): Promise<void> => {
    options.log.warn("the database server is gone; starting it again");
    try {
      const next = await ensurePostgres(options);
      const moved = next.url !== server.url;
      server = next;
      options.log.info("the database server is back");
      if (moved) options.onMoved?.(next.url);
    } catch (error) {
      options.log.error(`the database server could not be started: ${(error as Error).message}`);
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => {
    if (over || busy || processAlive(server.pid)) return;
    busy = true;
    restarting = restart();
  }, 250);
  timer.unref();

  const release = async (): Promise<void> => {
    over = true;
    clearInterval(timer);
    await restarting;
  };
  return {
    get url() {
      return server.url;
    },
    get pid() {
      return server.pid;
    },
    adopted: server.adopted,
    release,
    async stop() {
      await release();
      await server.stop();
    },
  };
}
