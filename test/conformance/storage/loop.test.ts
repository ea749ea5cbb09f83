/** A project whose blobs are in object storage: trained, served, and served on by a gateway that starts while the storage is away. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, openApp } from "../../../src/app.ts";
import { blobHost, type Config, readConfig } from "../../../src/config.ts";
import { type Gateway, openGateway } from "../../../src/gateway.ts";
import type { TrainOutcome } from "../../../src/pipelines/train.ts";
import { onnxRuntime } from "../../../src/runtime/onnxruntime.ts";
import { openBlobs } from "../../../src/storage/blobs/all.ts";
import { customers } from "../../../src/testing/customers.ts";
import { quietLog } from "../../../src/testing/quiet-log.ts";
import { type S3Server, startS3 } from "./s3-server.ts";

const log = quietLog();
let folder: string;
let server: S3Server;
let config: Config;
let app: App;

beforeAll(async () => {
  server = await startS3();
  folder = mkdtempSync(join(tmpdir(), "millwright-s3-loop-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "customers.csv"), customers(1500));
  writeFileSync(
    join(folder, "millwright.config.ts"),
    `export default {
      datasets: { customers: { source: "customers.csv", key: "customer" } },
      models: { churn: { dataset: "customers", target: "leaves", positive: "yes" } },
    };\n`,
  );
  const BLOB_URL = `s3://mill/team-a?endpoint=${server.endpoint}`;
  config = readConfig({ BLOB_URL, MILLWRIGHT_THREADS: "2" }, folder);
  app = await openApp({ config, log, work: "yes" });
});
afterAll(async () => {
  await app?.close();
  server?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const gateway = async (): Promise<Gateway> =>
  openGateway(
    {
      ...{ runtime: await onnxRuntime(), sql: app.sql, log, version: "s3" },
      blobs: openBlobs(config.blobUrl, blobHost(config)),
    },
    { port: 0, dataDir: config.dataDir },
  );

async function answers({ url }: Gateway): Promise<string> {
  const ask = () =>
    fetch(`${url}/models/churn/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ rows: [{ tenure: 13.5, monthly: 68.5, calls: 5 }] }),
    });
  await expect.poll(async () => (await ask()).status, { timeout: 60_000 }).toBe(200);
  const { predictions } = (await (await ask()).json()) as { predictions: { label: string }[] };
  return predictions[0]!.label;
}

test("is trained, judged and served; a gateway without the storage serves on, from a cold start", async () => {
  const { engine } = app.platform;
  const run = await engine.submit("train", { model: "churn", reason: "a test", budget: "2s" });
  expect((await engine.wait(run)) as unknown as TrainOutcome).toMatchObject({ number: 1 });
  const kept = await server.client.send(new ListObjectsV2Command({ Bucket: "mill" }));
  expect(kept.Contents?.length).toBeGreaterThan(4);
  for (const { Key } of kept.Contents!)
    expect(Key).toMatch(/^team-a\/(blobs|artifacts)\/[0-9a-f]{64}$/);

  const first = await gateway();
  const label = await answers(first);
  await first.close();
  server.process.kill("SIGKILL");
  const second = await gateway();
  expect(await answers(second)).toBe(label);
  await second.close();
});
