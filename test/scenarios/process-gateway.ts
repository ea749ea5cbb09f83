import cluster from "node:cluster";
import { runProcesses } from "../../src/gateway/processes.ts";
import { connectionsOverIpc, siblingsOverIpc } from "../../src/gateway/siblings.ts";
import { openGateway } from "../../src/gateway.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

/** A gateway of two processes; prints its URL, and the process ids whenever it is asked for them by SIGUSR2. */
const [databaseUrl = "", folder = ""] = process.argv.slice(2);
const log = quietLog();

if (cluster.isPrimary) {
  const [, entry = ""] = process.argv;
  const args = [databaseUrl, folder];
  const processes = await runProcesses({
    ...{ entry, args, count: 2, log, stopMs: 5000 },
    ...{ host: "127.0.0.1", port: 0 },
  });
  const pids = (): void => {
    const all = Object.values(cluster.workers ?? {}).map((worker) => worker?.process.pid);
    process.stdout.write(`${JSON.stringify(all)}\n`);
  };
  process.on("SIGUSR2", pids);
  process.on("SIGHUP", () => void processes.restart().then(pids));
  process.on("SIGTERM", () => void processes.stop().then(() => process.exit(0)));
  process.stdout.write(`${await processes.ready}\n`);
} else {
  const sql = postgres(databaseUrl, { log });
  const blobs = fileBlobs(`${folder}/blobs`);
  const gateway = await openGateway(
    { runtime: await onnxRuntime(), blobs, sql, log, version: "1", siblings: siblingsOverIpc },
    {
      ...{ port: 0, dataDir: `${folder}/gateway`, refreshMs: 60_000 },
      connections: connectionsOverIpc(),
    },
  );
  const end = (): void => void gateway.close().then(() => process.exit(0));
  process.on("SIGTERM", end);
  process.on("disconnect", end);
  process.send?.({ ready: true, url: gateway.url });
}
