import { shipRegularly } from "../../src/gateway/prediction-log.ts";
import { openGateway } from "../../src/gateway.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

/** A gateway that ships its own log all the time, to be killed at any moment. Prints its URL when it is ready. */
const [databaseUrl = "", folder = ""] = process.argv.slice(2);
const log = quietLog();
const sql = postgres(databaseUrl, { log });
const blobs = fileBlobs(`${folder}/blobs`);
const columns = await duckdbColumns({ scratch: `${folder}/scratch` });
const dataDir = `${folder}/gateway`;
const gateway = await openGateway(
  { runtime: await onnxRuntime(), blobs, sql, log, version: "crash" },
  { port: 0, dataDir, journal: { maxSegmentBytes: 20_000 } },
);
shipRegularly({ sql, blobs, columns, log }, { dataDir, everyMs: 10 });
process.stdout.write(`${gateway.url}\n`);
