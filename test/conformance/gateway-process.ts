import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openGateway } from "../../src/gateway.ts";
import { digestOf } from "../../src/lib/digest.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import type { Route, RoutedVersion } from "../../src/serving/route.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { idModel, lineModel, mailModel, threeModel } from "../scenarios/tiny-models.ts";
import { echoModel, simpleModel } from "./graph-models.ts";

/** A gateway with small models of known answers, for clients in other languages. Prints where it listens as JSON. */
const [folder = ""] = process.argv.slice(2);
const blobs = fileBlobs(join(folder, "blobs"));
const version = async (number: number, onnx: Uint8Array): Promise<RoutedVersion> => ({
  ...{ id: digestOf(`version ${number}`), number, onnx: await blobs.put(onnx) },
});
const route = (
  model: string,
  champion: RoutedVersion,
  shadow: RoutedVersion | undefined = undefined,
): Route => ({ model, champion, shadow, fields: {}, revision: 1 });
const routes = [
  route("mail", await version(1, mailModel(0)), await version(2, mailModel(1))),
  route("line", await version(3, lineModel())),
  route("three", await version(4, threeModel())),
  route("ids", await version(5, idModel())),
  route("simple", await version(6, simpleModel())),
  route("echo", await version(7, echoModel())),
];
writeFileSync(join(folder, "routes.json"), JSON.stringify({ change: 1, routes }));
const token = process.env.MILLWRIGHT_TOKEN;
const gateway = await openGateway(
  { runtime: await onnxRuntime(), blobs, sql: undefined, log: quietLog(), version: "conformance" },
  { port: 0, grpcPort: 0, dataDir: folder, token },
);
process.stdout.write(`${JSON.stringify({ http: gateway.url, grpc: gateway.grpc })}\n`);
process.on("SIGTERM", () => void gateway.close().then(() => process.exit(0)));
