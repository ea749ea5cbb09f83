import { expect, test } from "vitest";
import { mergeMetrics } from "./merge-metrics.ts";
import { metrics } from "./metrics.ts";

test("the metrics of two processes are those of one that did the work of both", () => {
  const [left, right, both] = [metrics(), metrics(), metrics()];
  for (const [one, route, status, ms] of [
    [left, "/a", 200, 0.3],
    [left, "/a", 503, 40],
    [right, "/a", 200, 2],
    [right, '/b"{} x', 200, 700],
  ] as const) {
    one.countRequest(route, status, ms);
    both.countRequest(route, status, ms);
  }
  left.count("predictions", 3);
  right.count("predictions", 4);
  both.count("predictions", 7);
  const merged = mergeMetrics([
    left.render({ queued_rows: 1, models_routed: 10 }),
    right.render({ queued_rows: 2, models_routed: 10 }),
  ]);
  const lines = (text: string) => text.trim().split("\n").sort();
  expect(lines(merged)).toEqual(lines(both.render({ queued_rows: 3, models_routed: 10 })));
  expect(merged.indexOf("# TYPE millwright_request_seconds")).toBeLessThan(
    merged.indexOf("millwright_request_seconds_bucket"),
  );
});

test("one process speaks for itself", () => {
  expect(mergeMetrics(["x 1\n"])).toBe("x 1\n");
  expect(mergeMetrics([])).toBe("");
});
