/**
 * Our gateway on a prepared folder, without a database.
 *   node dist/bench/serving-ours.mjs <folder> <port> <log: durable|off> <processes> <MiB for models>
 */
import cluster from "node:cluster";
import { join } from "node:path";
import { runProcesses } from "../../src/gateway/processes.ts";
import { gatewayRuntime } from "../../src/gateway/runtime.ts";
import { connectionsOverIpc, siblingsOverIpc } from "../../src/gateway/siblings.ts";
import { openGateway } from "../../src/gateway.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

const [folder = "", port = "0", predictionLog = "durable", count = "1", memoryMb = "1024"] =
  process.argv.slice(2);
const [, entry = ""] = process.argv;

if (Number(count) > 1 && cluster.isPrimary) {
  const processes = await runProcesses({
    ...{ entry, args: process.argv.slice(2), count: Number(count), log: quietLog(), stopMs: 5000 },
    ...{ host: "127.0.0.1", port: Number(port) },
  });
  process.on("SIGTERM", () => void processes.stop().then(() => process.exit(0)));
} else {
  const shared = cluster.isWorker;
  const runtime = await gatewayRuntime(2);
  const gateway = await openGateway(
    {
      runtime,
      blobs: fileBlobs(join(folder, "blobs")),
      ...{ sql: undefined, log: quietLog(), version: "bench" },
      ...(shared ? { siblings: siblingsOverIpc } : {}),
    },
    {
      port: Number(port),
      dataDir: join(folder, "gateway"),
      sessions: { maxBytes: Number(memoryMb) * 2 ** 20 },
      predictionLog: predictionLog === "off" ? "off" : "durable",
      ...(shared ? { connections: connectionsOverIpc() } : {}),
    },
  );
  const close = async (): Promise<void> => {
    await gateway.close();
    await runtime.close?.();
  };
  const end = (): void => void close().then(() => process.exit(0));
  process.on("SIGTERM", end);
  process.on("disconnect", end);
  process.send?.({ ready: true, url: gateway.url });
}
