import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client } from "../../sdk/src/client.ts";
import { serving } from "../../sdk/src/contract/serving.ts";
import { type Gateway, openGateway } from "../../src/gateway.ts";
import { digestOf } from "../../src/lib/digest.ts";
import { tryGraph } from "../../src/pipelines/try-graph.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import type { RoutedVersion } from "../../src/serving/route.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { onnxModel } from "../../src/testing/onnx-models.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { mailModel, mailProbability } from "./tiny-models.ts";

/** A gateway that is asked why. */
const folder = mkdtempSync(join(tmpdir(), "millwright-explained-"));
const blobs = fileBlobs(join(folder, "blobs"));
let gateway: Gateway;
let url = "";

const BACKGROUND = [{ amount: 100, subject: "hello" }, { amount: -100 }];
const ROW = { amount: 120, domain: "evil.example", subject: "Invoice INVOICE now" };

beforeAll(async () => {
  const runtime = await onnxRuntime();
  const onnx = await blobs.put(mailModel(0));
  const kept = new TextEncoder().encode(JSON.stringify({ rows: BACKGROUND }));
  const background = await blobs.put(kept);
  const adult = { bytes: onnxModel("gen_adult_lightgbm.onnx"), options: {} };
  const trees = await blobs.put((await tryGraph({ runtime }, adult)).onnx);
  const route = (model: string, champion: Omit<RoutedVersion, "id" | "number">) => ({
    ...{ model, shadow: undefined, fields: {}, revision: 1 },
    champion: { id: digestOf(model), number: 1, ...champion },
  });
  const routes = [
    route("mail", { onnx, background }),
    route("bare", { onnx }),
    route("deleted", { onnx, background: digestOf("rows that were deleted") }),
    route("adult", { onnx: trees }),
  ];
  writeFileSync(join(folder, "routes.json"), JSON.stringify({ change: 1, routes }));
  gateway = await openGateway(
    { runtime, blobs, sql: undefined, log: quietLog(), version: "1.2.3" },
    { port: 0, dataDir: folder },
  );
  url = gateway.url;
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const api = () => client(serving, { url });
const infer = async (model: string, body: unknown) => {
  const response = await fetch(`${url}/v2/models/${model}/infer`, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { outputs: { name: string; data: string[] }[] };
};
const outputNamed = (answer: Awaited<ReturnType<typeof infer>>, name: string) =>
  answer.outputs.find((output) => output.name === name)?.data;

describe("a gateway that is asked why", () => {
  test("says what each column added, against the rows kept with the version, and in words", async () => {
    const { predictions } = await api().predict({ model: "mail", rows: [ROW], explain: true });
    const { explanation, reasons, probability } = predictions[0]!;
    expect(probability).toBeCloseTo(mailProbability(0, ROW), 5);
    // 1.2 + 1 + 4, against the mean of (1 - 2) and (-1).
    expect(explanation).toMatchObject({
      ...{ unit: "log-odds", of: "yes", method: "enumeration", error: 0 },
      background: { kind: "rows", rows: 2 },
    });
    expect(explanation!.said).toBeCloseTo(6.2, 5);
    expect(explanation!.base).toBeCloseTo(-1, 5);
    const added = Object.fromEntries(
      explanation!.contributions.map((c) => [c.column, c.contribution]),
    );
    expect(added.subject).toBeCloseTo(5, 5);
    expect(added.amount).toBeCloseTo(1.2, 5);
    expect(added.domain).toBeCloseTo(1, 5);
    expect(added.received_at).toBeCloseTo(0, 5);
    expect(reasons).toEqual([
      'subject = "Invoice INVOICE now" speaks for phishing = yes (+5 log-odds)',
      "amount = 120 speaks for phishing = yes (+1.2 log-odds)",
      'domain = "evil.example" speaks for phishing = yes (+1 log-odds)',
    ]);
  });

  test("compares with a row of missing values where no rows were kept, and says so", async () => {
    for (const model of ["bare", "deleted"]) {
      const { predictions } = await api().predict({ model, rows: [ROW], explain: true });
      const { background, base, baseProbability } = predictions[0]!.explanation!;
      expect(background).toEqual({ kind: "missing", rows: 1 });
      expect(base).toBeCloseTo(0, 5);
      expect(baseProbability).toBeCloseTo(0.5, 5);
    }
  });

  test("explains at most 100 rows of a request, and nothing unasked", async () => {
    const rows = Array.from({ length: 101 }, () => ROW);
    await expect(api().predict({ model: "mail", rows, explain: true })).rejects.toMatchObject({
      problem: { code: "invalid_input", detail: expect.stringMatching(/at most 100/) },
    });
    const { predictions } = await api().predict({ model: "mail", rows });
    expect(predictions[0]!.explanation).toBeUndefined();
    expect(predictions[0]!.reasons).toBeUndefined();
  });

  test("answers in the Open Inference Protocol, with the parameter explain", async () => {
    const text = (name: string, value: string) => ({
      ...{ name, datatype: "BYTES", shape: [1], data: [value] },
    });
    const inputs = [text("domain", ROW.domain), text("subject", ROW.subject)];
    const silent = await infer("mail", { inputs });
    expect(outputNamed(silent, "reasons")).toBeUndefined();
    const answer = await infer("mail", { inputs, parameters: { explain: true } });
    expect(outputNamed(answer, "reasons")![0]).toMatch(/^subject = "Invoice INVOICE now" speaks/);
    expect(JSON.parse(outputNamed(answer, "explanation")![0]!)).toMatchObject({ of: "yes" });
  });

  test("explains an imported model's own tensors there, too", async () => {
    const data = [39, 13, 2174, 0, 40];
    const inputs = [{ name: "X", datatype: "FP32", shape: [1, 5], data }];
    const answer = await infer("adult", { inputs, parameters: { explain: true } });
    const { method, contributions } = JSON.parse(outputNamed(answer, "explanation")![0]!);
    expect(method).toBe("tree");
    expect(contributions).toHaveLength(5);
  });
});
