/**
 * Our gateway on a prepared folder, without a database.
 *   node dist/bench/serving-ours.mjs <folder> <port> <log: durable|off>
 */
import { join } from "node:path";
import { openGateway } from "../../src/gateway.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

const [folder = "", port = "0", predictionLog = "durable"] = process.argv.slice(2);
const gateway = await openGateway(
  {
    runtime: await onnxRuntime(),
    blobs: fileBlobs(join(folder, "blobs")),
    sql: undefined,
    log: quietLog(),
    version: "bench",
  },
  {
    port: Number(port),
    dataDir: join(folder, "gateway"),
    predictionLog: predictionLog === "off" ? "off" : "durable",
  },
);
process.on("SIGTERM", () => void gateway.close().then(() => process.exit(0)));
