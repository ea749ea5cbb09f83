import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MetricFamily, mergeSnapshots, recorded } from "../lib/metrics.ts";
import { renderMetrics } from "../lib/render-metrics.ts";
import { PROCESS_METRICS, processMetrics } from "../runtime/process-metrics.ts";
import { checkExposition } from "../testing/exposition.ts";
import { CONTROL_METRICS } from "../tracking/run-metrics.ts";
import { GATEWAY_METRICS } from "./metric-families.ts";
import { metrics } from "./metrics.ts";
import { modelLabels } from "./model-labels.ts";
import type { LogRecord } from "./prediction.ts";
import { presentMetrics } from "./present-metrics.ts";

const STATE = {
  ...{ queuedRows: 1, shadowQueuedRows: 2, shadowLagMs: 1500, journalPendingBytes: 3 },
  ...{ logFull: false, logFreeBytes: 9, unshippedSegments: 1 },
  ...{ unshippedBytes: 4, logLagMs: undefined, modelsRouted: 5, modelsLoaded: 6 },
  ...{ modelsLoadedBytes: 7, modelEvictions: 8, stateAway: false },
};
const prediction = (more: object): LogRecord =>
  ({ kind: "prediction", model: "mail", variant: "champion", ...more }) as LogRecord;

describe("metrics of a gateway", () => {
  test("are in Prometheus' format from the first scrape on, counted or not", () => {
    const self = processMetrics();
    const m = metrics(() => true);
    const text = () => renderMetrics(m.snapshot([...presentMetrics(STATE), ...self.snapshot()]));
    checkExposition(text());
    m.countRequest("/models/{model}/predict", 'ma"il\\\n', 200, 3);
    m.countRequest("/models/{model}/predict", "mail", 429, 30_000);
    m.countRecords([
      prediction({}),
      prediction({ abstained: true }),
      prediction({ variant: "shadow", abstained: true }),
    ]);
    m.countRecords([{ kind: "feedback", id: "p", model: "mail", at: 1, label: "yes" }]);
    m.countBatch(32, 1.5);
    m.countBatch(5000, undefined);
    const found = checkExposition(text());
    const value = (name: string) => found.get(`millwright_${name}`);
    expect(value("shed_requests_total")).toBe(1);
    expect(value('predictions_total{model="mail",variant="champion"}')).toBe(2);
    expect(value('abstentions_total{model="mail"}')).toBe(1);
    expect(value("feedback_total")).toBe(1);
    expect(value('batch_rows_bucket{le="16"}')).toBe(0);
    expect(value('batch_rows_bucket{le="32"}')).toBe(1);
    expect(value("queue_wait_seconds_count")).toBe(1);
    expect(value("queue_wait_seconds_sum")).toBeCloseTo(0.0015, 12);
    expect(value("shadow_lag_seconds")).toBe(1.5);
    expect(value("log_lag_seconds")).toBe(0);
    const failed = '{route="/models/{model}/predict",model="mail",status="429"';
    expect(value(`request_duration_seconds_bucket${failed},le="10"}`)).toBe(0);
    expect(value(`request_duration_seconds_count${failed}}`)).toBe(1);
    self.stop();
  });

  test("of several processes add up, ages and routes excepted", () => {
    const [a, b] = [metrics(() => true), metrics(() => true)];
    a.countRequest("/r", "m", 200, 1);
    b.countRequest("/r", "m", 200, 1);
    b.countRequest("/r", "n", 200, 1);
    const one = a.snapshot(presentMetrics(STATE));
    const two = b.snapshot(presentMetrics({ ...STATE, shadowLagMs: 9000 }));
    // As they go from process to process.
    const merged = mergeSnapshots(JSON.parse(JSON.stringify([one, two])));
    const found = checkExposition(renderMetrics(merged));
    expect(
      found.get('millwright_request_duration_seconds_count{route="/r",model="m",status="200"}'),
    ).toBe(2);
    expect(
      found.get('millwright_request_duration_seconds_count{route="/r",model="n",status="200"}'),
    ).toBe(1);
    expect(found.get("millwright_queued_rows")).toBe(2);
    expect(found.get("millwright_shadow_lag_seconds")).toBe(9);
    expect(found.get("millwright_models_routed")).toBe(5);
    expect(mergeSnapshots([one])).toEqual(one);
  });

  test("merging is the same in any order, and of merged ones", () => {
    const counts = fc.array(
      fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 0, max: 50 })),
    );
    fc.assert(
      fc.property(counts, counts, counts, (...three) => {
        const snapshots = three.map((given) => {
          const m = metrics(() => true);
          for (const [model, ms] of given) m.countRequest("/r", model, 200, ms);
          return m.snapshot();
        });
        const [a, b, c] = snapshots as [never, never, never];
        const plain = (merged: ReturnType<typeof mergeSnapshots>) =>
          new Map(checkExposition(renderMetrics(merged)));
        const all = plain(mergeSnapshots([a, b, c]));
        expect(plain(mergeSnapshots([c, mergeSnapshots([b, a])]))).toEqual(all);
        const total = [...all]
          .filter(([key]) => /_count\{/.test(key))
          .reduce((n, [, v]) => n + v, 0);
        expect(total).toBe(three.flat().length);
      }),
      { numRuns: 50 },
    );
  });

  test("fifty models have a label at once, fifty more when they are asked a lot, the others share one", () => {
    const labelOf = modelLabels((model) => model !== "made up");
    expect(labelOf("made up")).toBe("unknown");
    expect(labelOf(undefined)).toBe("");
    for (let i = 0; i < 50; i++) expect(labelOf(`m${i}`)).toBe(`m${i}`);
    for (let i = 0; i < 99; i++) expect(labelOf("busy")).toBe("other");
    expect(labelOf("busy")).toBe("busy");
    const seen = new Set<string>();
    for (let k = 0; k < 200; k++) for (let i = 0; i < 1000; i++) seen.add(labelOf(`n${i}`));
    expect(seen.size).toBeLessThanOrEqual(50);
    expect(labelOf("m0")).toBe("m0");
  });

  test("a combination of labels is found again, whatever the number of labels", () => {
    for (const labels of [[], ["a"], ["a", "b"], ["a", "b", "c"]]) {
      const one = recorded({ name: "x_total", type: "counter", help: "x", labels });
      one(1, "p", "q", "r");
      one(2, "p", "q", "r");
      one(4, "p", "q", "s");
      const sums = one.snapshot().series.map(({ value }) => value);
      expect(sums).toEqual(labels.length === 3 ? [3, 4] : [7]);
    }
  });

  const families = [GATEWAY_METRICS, PROCESS_METRICS, CONTROL_METRICS].flatMap(
    (of): MetricFamily[] => Object.values(of),
  );
  const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

  test("every one is in the guide, and the guide has no others", () => {
    const guide = text("docs/guides/observability.md");
    const told = [...guide.matchAll(/^\| `([a-z_]+)`.*\| (counter|gauge|histogram) \|/gm)];
    const known = families.map(({ name, type }) => `${name} ${type}`);
    expect(told.map(([, name, type]) => `${name} ${type}`).sort()).toEqual(known.sort());
  });

  test("rules and dashboard use no others", () => {
    const names = new Set(
      families.flatMap(({ name, type }) =>
        type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    );
    for (const path of ["rules.yml", "grafana-dashboard.json"]) {
      const used = text(`examples/observability/${path}`).match(
        /(?<![\w:])(millwright|nodejs|process)_[a-z_]+\b(?!:)/g,
      );
      expect(used!.length).toBeGreaterThan(5);
      for (const name of used!) expect(names).toContain(name);
    }
  });
});
