/**
 * What observing a request costs: its counting, its note and its line or spans. One process, no network.
 * node_modules/.bin/esbuild bench/observability/run.ts --bundle --platform=node --format=esm --packages=external --outfile=dist/bench-observability.js && node dist/bench-observability.js
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { requestObserver } from "../../src/http/observer.ts";
import { openTraces } from "../../src/http/traces.ts";
import type { Log } from "../../src/lib/log.ts";
import { metrics } from "../../src/serving/metrics.ts";

const lines: string[] = [];
const log: Log = {
  ...{ debug: () => {}, warn: () => {}, error: () => {} },
  // As jsonLog does, without the write.
  info: (message, fields) => {
    lines[0] = JSON.stringify({ at: new Date().toISOString(), message, ...fields });
  },
};
const headers = {
  ...{ host: "127.0.0.1:7401", "content-type": "application/json" },
  traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
};
const collector = createServer((request, response) => {
  request.resume().on("end", () => response.end("{}"));
});
await new Promise<void>((resolve) => collector.listen(0, resolve));
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
const traces = await openTraces(
  { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
  { service: "bench", version: "0" },
);

const names = Array.from({ length: 200 }, (_, i) => `model${i}`);
async function measure(
  what: string,
  count: number,
  parts: object,
  sampled: boolean,
): Promise<void> {
  const m = metrics(() => true);
  const observer = requestObserver({
    ...{ log, logShare: 0, traces: undefined, known: () => true, count: m.countRequest },
    ...parts,
  });
  const given = sampled ? headers : { ...headers, traceparent: undefined };
  const asked = names.map((model) => ({ model }));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    for (let i = 0; i < count; i++) {
      const note = observer.began(given);
      note?.done("check");
      note?.done("queue");
      note?.done("run");
      note?.done("log");
      note?.say({ model: "model1", rows: 1, version: 1, variant: "champion" });
      observer.answered({
        method: "POST",
        route: "/models/{model}/predict",
        params: asked[i % 200]!,
        id: "req_1",
        note,
        status: 200,
        durationMs: 1.2,
      });
    }
    best = Math.min(best, ((performance.now() - started) * 1e6) / count);
    // Spans wait to be sent.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.stdout.write(`${what.padEnd(52)} ${best.toFixed(0).padStart(7)} ns a request\n`);
}

const m = metrics(() => true);
const started = performance.now();
for (let i = 0; i < 1e6; i++)
  m.countRequest("/models/{model}/predict", names[i % 200]!, 200, (i % 97) / 10);
process.stdout.write(
  `${"counting one request, 200 models".padEnd(52)} ${(performance.now() - started).toFixed(0).padStart(7)} ns a request\n`,
);
const record = { kind: "prediction", model: "model1", variant: "champion" } as never;
const begun = performance.now();
for (let i = 0; i < 1e6; i++) m.countRecords([record]);
process.stdout.write(
  `${"counting one answered row".padEnd(52)} ${(performance.now() - begun).toFixed(0).padStart(7)} ns a row\n`,
);
await measure("everything off: counting alone", 500_000, {}, false);
await measure(
  "tracing on, request not sampled",
  500_000,
  { traces: traces && { ...traces, samples: () => false } },
  false,
);
await measure("access log: every request", 50_000, { logShare: 1 }, false);
await measure("tracing: every request, five spans each", 2000, { traces }, true);
await traces?.close();
collector.close();
