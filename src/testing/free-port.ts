import { createServer } from "node:net";

/**
 * A port for a server that will be started, and started again, later. Below those that systems give to outgoing connections (from 32768
 * on Linux, 49152 elsewhere): one of those might be taken while the server is away, even by a client that looks for it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
}

const given = new Set<number>();

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
