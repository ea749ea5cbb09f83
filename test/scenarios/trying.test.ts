import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client } from "../../sdk/src/client.ts";
import { trying } from "../../sdk/src/contract/trying.ts";
import { type HttpServer, openServer } from "../../src/http/server.ts";
import { tryingRoutes } from "../../src/pipelines/routes.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { memoryPlatform } from "../../src/testing/memory-platform.ts";
import { someVersion } from "../../src/testing/memory-stores.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { MAIL, mailModel, mailProbability } from "./tiny-models.ts";

/** What people ask of a version without a gateway: what it says about a row, and why it said what is in the log. */
const folder = mkdtempSync(join(tmpdir(), "millwright-trying-"));
const ROW = { amount: 120, domain: "evil.example", subject: "Invoice INVOICE now" };
let server: HttpServer;

beforeAll(async () => {
  const { platform, stores, logged } = memoryPlatform();
  const blobs = fileBlobs(folder);
  const onnx = await blobs.put(mailModel(0));
  const abstain = { kind: "precision", target: 0.99, thresholds: [0.9, 0.999] } as const;
  const version = await stores.registry.add({ ...someVersion("a", MAIL), onnx, abstain });
  await stores.serving.setRoute({
    ...{ model: "mail", champion: version, shadow: undefined, reason: "first" },
    fields: { key: "customer", pass: ["campaign"] },
  });
  const line = { model: "mail", variant: "champion", eventTime: 1, at: 1, key: undefined } as const;
  const output = [mailProbability(0, ROW)];
  const said = { ...line, output, label: "yes", latencyMs: 1, truth: undefined };
  logged.push(
    { ...said, id: "pred_1", version: version.id, inputs: { ...ROW, campaign: "spring" } },
    { ...said, id: "pred_2", version: "sha256:gone", inputs: ROW },
  );
  const find = async ({ id }: { id: string }) => {
    const found = logged.find((p) => p.id === id);
    return found && { ...found, beside: [] };
  };
  const deps = { ...platform, blobs, runtime: await onnxRuntime(), breathe: async () => undefined };
  server = await openServer({
    ...{ port: 0, log: quietLog() },
    routes: tryingRoutes({ ...deps, predictions: { ...platform.predictions, find } }),
  });
});
afterAll(async () => {
  await server.close(0);
  rmSync(folder, { recursive: true, force: true });
});
const api = () => client(trying, { url: server.url });

describe("a version asked by a person", () => {
  test("says what it takes", async () => {
    const { version, columns, classes } = await api().inputs({ model: "mail", version: "1" });
    expect(version.number).toBe(1);
    expect(classes).toEqual(["no", "yes"]);
    expect(columns[0]).toEqual({ name: "amount", role: "numeric" });
    await expect(api().inputs({ model: "mail", version: "7" })).rejects.toThrow("no version");
  });

  test("answers as the gateway would, with its rule to abstain and its reasons, and logs nothing", async () => {
    const { prediction, unexplained, target } = await api().tryRow({
      ...{ model: "mail", version: "1", row: { ...ROW, customer: "C-1" } },
    });
    expect(target).toBe("phishing");
    expect(unexplained).toBeNull();
    expect(prediction).toMatchObject({ id: "", label: null, abstained: true, version: 1 });
    expect(prediction.probability).toBeCloseTo(mailProbability(0, ROW), 5);
    const { base, said, contributions } = prediction.explanation!;
    const added = contributions.reduce((sum, { contribution }) => sum + contribution, base);
    expect(added).toBeCloseTo(said, 6);
    expect(prediction.reasons!.length).toBeGreaterThan(0);
  });

  test("is as strict about the row as the gateway, and names every wrong field", async () => {
    const wrong = { amount: "much", domian: "evil.example" };
    await expect(api().tryRow({ model: "mail", version: "1", row: wrong })).rejects.toThrow(
      /domian: "evil.example" should be left out.*amount: "much" should be a finite number/,
    );
    await expect(api().tryRow({ model: "mail", version: "1", row: {} })).rejects.toThrow(
      "at least one column of the model",
    );
  });

  test("says why it said what is in the log, also about rows that carry other fields", async () => {
    const { explanation, reasons, version } = await api().whySaid({ model: "mail", id: "pred_1" });
    expect(version).toMatchObject({ model: "mail", number: 1 });
    expect(explanation.said).toBeCloseTo(6.2, 5);
    expect(explanation.contributions.map(({ column }) => column)).not.toContain("campaign");
    expect(reasons[0]).toContain("speaks for");
  });

  test("says when the prediction, or the version that made it, is not there any more", async () => {
    await expect(api().whySaid({ model: "mail", id: "pred_9" })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(api().whySaid({ model: "mail", id: "pred_2" })).rejects.toThrow(
      "is not registered any more",
    );
  });
});
