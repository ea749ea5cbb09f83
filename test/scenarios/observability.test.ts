import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gateway, openGateway } from "../../src/gateway.ts";
import { openTraces } from "../../src/http/traces.ts";
import { digestOf } from "../../src/lib/digest.ts";
import type { Log } from "../../src/lib/log.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { mailModel } from "./tiny-models.ts";

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: { key: string; value: Record<string, unknown> }[];
  readonly status: { code?: number };
}

const folder = mkdtempSync(join(tmpdir(), "millwright-observed-"));
const blobs = fileBlobs(join(folder, "blobs"));
const spans: Span[] = [];
const resources: unknown[] = [];
const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
let collector: Server;
let gateway: Gateway;

const at =
  (level: string) =>
  (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
    lines.push({ level, message, fields });
  };
const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };

async function open(more: object): Promise<Gateway> {
  return openGateway(
    { runtime: await onnxRuntime(), blobs, sql: undefined, log, version: "1.2.3" },
    { port: 0, dataDir: folder, ...more },
  );
}

/** A collector that speaks OTLP over HTTP with JSON: https://opentelemetry.io/docs/specs/otlp. */
beforeAll(async () => {
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      for (const { resource, scopeSpans } of resourceSpans) {
        resources.push(resource);
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const { port } = collector.address() as AddressInfo;
  const champion = { id: digestOf("v1"), number: 1, onnx: await blobs.put(mailModel(0)) };
  const rule = { kind: "precision", target: 0.9, thresholds: [0.99, 0.99] };
  const route = (model: string, more: object = {}) => ({
    ...{ model, champion: { ...champion, ...more }, fields: { key: "who" }, revision: 1 },
  });
  const routes = [route("mail"), route("careful", { abstain: rule })];
  writeFileSync(join(folder, "routes.json"), JSON.stringify({ change: 1, routes }));
  gateway = await open({
    accessLog: 1,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/`,
      OTEL_TRACES_SAMPLER_ARG: "0",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=test%20bed,broken",
    },
  });
});
afterAll(async () => {
  await new Promise((resolve) => collector.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const ask = (model: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}/models/${model}/predict?`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const secret = "a very private subject";
const rows = [{ subject: secret, who: "somebody@example.org" }];

describe("the access log", () => {
  test("has a line a request: what was asked and what became of it, and nothing of whom it is about", async () => {
    lines.length = 0;
    await ask("careful", { rows }, { "x-request-id": "r1" });
    const line = lines.find(({ message }) => message === "request")!;
    expect(line).toMatchObject({
      level: "info",
      fields: {
        ...{ method: "POST", route: "/models/{model}/predict", model: "careful", version: 1 },
        ...{ variant: "champion", rows: 1, abstained: 1, status: 200, request: "r1" },
        ms: expect.any(Number),
      },
    });
    await ask("mail", { rows: [{ subjct: secret }] });
    await ask("somebody@example.org", { rows });
    await fetch(`${gateway.url}/models/mail/explain-${"x".repeat(5)}?who=somebody@example.org`);
    const failed = lines.filter(({ level }) => level === "warn");
    expect(failed.map(({ fields }) => [fields.route, fields.model, fields.status])).toEqual([
      ["/models/{model}/predict", "mail", 400],
      ["/models/{model}/predict", undefined, 404],
      ["unknown", undefined, 404],
    ]);
    const text = JSON.stringify(lines);
    for (const word of [secret, "somebody", "explain-"]) expect(text).not.toContain(word);
  });

  test("failed requests have a line without sampling, at most a hundred a second", async () => {
    const quiet = await open({ refreshMs: 3_600_000 });
    lines.length = 0;
    const post = (model: string) =>
      fetch(`${quiet.url}/models/${model}/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ rows: [{ subject: secret }] }),
      }).then((response) => response.arrayBuffer());
    await post("mail");
    expect(lines.filter(({ message }) => message === "request")).toEqual([]);
    for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 100 }, () => post("none")));
    const shown = lines.filter(({ message }) => message === "request");
    expect(shown.length).toBeGreaterThanOrEqual(100);
    const left = shown.reduce((n, { fields }) => n + Number(fields.notShown ?? 0), 0);
    expect(shown.length + left).toBeLessThanOrEqual(500);
    await quiet.close();
  });
});

describe("traces", () => {
  test("a traced caller finds its request, and what it consisted of", async () => {
    await ask("mail", { rows }, { traceparent: `00-${TRACE}-${PARENT}-01` });
    await ask("mail", { rows: [{ wrong: 1 }] }, { traceparent: `00-${TRACE}-${PARENT}-01` });
    // Through the full HTTP server, another protocol.
    await fetch(`${gateway.url}/v2/models/mail/infer`, {
      method: "POST",
      headers: { traceparent: `00-${TRACE}-${PARENT}-01` },
      body: JSON.stringify({
        inputs: [{ name: "subject", datatype: "BYTES", shape: [1], data: [secret] }],
      }),
    });
    await ask("mail", { rows }, { traceparent: `00-${"1".repeat(32)}-${PARENT}-00` });
    await ask("mail", { rows }, { "x-request-id": "not traced" });
    expect(lines.some(({ fields }) => fields.trace === TRACE)).toBe(true);
    await gateway.close();

    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    const requests = spans.filter(({ kind }) => kind === 2);
    expect(requests.map(({ name }) => name).sort()).toEqual([
      ...["POST /models/{model}/predict", "POST /models/{model}/predict"],
      "POST /v2/models/{name}/infer",
    ]);
    for (const request of requests) expect(request.parentSpanId).toBe(PARENT);
    const attributes = ({ attributes: all }: Span) =>
      Object.fromEntries(all.map(({ key, value }) => [key, Object.values(value)[0]]));
    const [good] = requests.filter((s) => attributes(s)["http.response.status_code"] === 200);
    expect(attributes(good!)).toMatchObject({
      ...{ "http.request.method": "POST", "http.route": "/models/{model}/predict" },
      ...{ "millwright.model": "mail", "millwright.version": 1, "millwright.rows": 1 },
      "millwright.variant": "champion",
    });
    const parts = spans.filter(({ parentSpanId }) => parentSpanId === good!.spanId);
    expect(parts.map(({ name }) => name)).toEqual(["check", "queue", "run", "log"]);
    let before = BigInt(good!.startTimeUnixNano);
    for (const { startTimeUnixNano, endTimeUnixNano } of parts) {
      expect(BigInt(startTimeUnixNano)).toBe(before);
      expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(before);
      before = BigInt(endTimeUnixNano);
    }
    expect(BigInt(good!.endTimeUnixNano)).toBeGreaterThanOrEqual(before - 1_000_000n);
    const [refused] = requests.filter((s) => attributes(s)["http.response.status_code"] === 400);
    expect(refused!.status.code ?? 0).toBe(0);
    expect(JSON.stringify(spans)).not.toContain(secret);
    expect(JSON.stringify(resources[0])).toContain("test bed");
    expect(JSON.stringify(resources[0])).toContain("millwright-gateway");
  });

  test("without a collector's address there are none; a share that is none is refused", async () => {
    const about = { service: "s", version: "1" };
    expect(await openTraces({}, about)).toBeUndefined();
    const on = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
    expect(await openTraces({ ...on, OTEL_SDK_DISABLED: "true" }, about)).toBeUndefined();
    expect(await openTraces({ ...on, OTEL_TRACES_SAMPLER: "always_off" }, about)).toBeUndefined();
    await expect(openTraces({ ...on, OTEL_TRACES_SAMPLER_ARG: "2" }, about)).rejects.toThrow(
      "OTEL_TRACES_SAMPLER_ARG=2 is not usable: write a share from 0 to 1",
    );
    const always = await openTraces(on, about);
    expect(always!.samples(undefined)).toBe(true);
    await always!.close();
  });
});
