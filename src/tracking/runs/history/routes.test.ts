import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TrackingServer, trackingServer } from "../../../testing/tracking-server.ts";

let server: TrackingServer;
beforeAll(async () => {
  server = await trackingServer();
});
afterAll(() => server.stop());

interface Point {
  readonly key: string;
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: number;
}

const newId = async (): Promise<string> =>
  (await server.post("runs/create", { experiment_id: "0" })).body.run.info.run_id;

async function log(run_id: string, metrics: readonly Point[]): Promise<void> {
  for (let i = 0; i < metrics.length; i += 1000) {
    const answer = await server.post("runs/log-batch", {
      run_id,
      metrics: metrics.slice(i, i + 1000),
    });
    expect(answer.status).toBe(200);
  }
}

const line = (key: string, n: number, timestamp = 1): Point[] =>
  Array.from({ length: n }, (_, step) => ({ key, value: 10, timestamp, step }));

const history = (fields: Record<string, string | number>) =>
  server.get("metrics/get-history", fields);

describe("a history", () => {
  test("is in the order of time, step and value; of a metric never logged it is empty", async () => {
    const run_id = await newId();
    const points = [
      { key: "m", timestamp: 1, step: -2, value: 3 },
      { key: "m", timestamp: 1, step: 3, value: "-Infinity" },
      { key: "m", timestamp: 1, step: 3, value: -1.5 },
      { key: "m", timestamp: 1, step: 3, value: "Infinity" },
      { key: "m", timestamp: 1, step: 3, value: "NaN" },
      { key: "m", timestamp: 2, step: 0, value: 5e-324 },
    ];
    await log(run_id, [...points].reverse());
    expect(await history({ run_id, metric_key: "m" })).toEqual({
      status: 200,
      body: { metrics: points },
    });
    expect(await history({ run_uuid: run_id, metric_key: "'; --" })).toEqual({
      status: 200,
      body: {},
    });
    const pages: Point[] = [];
    for (let page_token = "", more = true; more; ) {
      const { body } = await history({
        run_id,
        metric_key: "m",
        max_results: 1,
        ...(page_token && { page_token }),
      });
      expect(body.metrics).toHaveLength(1);
      pages.push(...body.metrics);
      page_token = body.next_page_token;
      more = page_token !== undefined;
    }
    expect(pages).toEqual(points);
  });

  test("asked for whole comes whole, however long; by pages it is the same", async () => {
    const run_id = await newId();
    const points = line("long", 60_000);
    await log(run_id, points);
    const whole = await history({ run_id, metric_key: "long" });
    expect(whole.body.metrics).toEqual(points);
    const first = await history({ run_id, metric_key: "long", max_results: 30_000 });
    expect(first.body.metrics).toHaveLength(25_000);
    const rest = await history({
      run_id,
      metric_key: "long",
      page_token: first.body.next_page_token,
    });
    expect([...first.body.metrics, ...rest.body.metrics]).toEqual(points);
    expect(rest.body.next_page_token).toBeUndefined();
  });

  test.each(["invalid_token", "00", "5b5d", "7b7d", Buffer.from('[1,2,"x"]').toString("hex")])(
    "page token %s is refused",
    async (page_token) => {
      const run_id = await newId();
      await log(run_id, line("m", 1));
      expect(await history({ run_id, metric_key: "m", page_token })).toMatchObject({
        status: 400,
        body: { error_code: "INVALID_PARAMETER_VALUE" },
      });
    },
  );

  test.each([0, -1, "x", 1.5])("max_results %s is refused", async (max_results) => {
    expect(await history({ run_id: "r", metric_key: "m", max_results })).toMatchObject({
      status: 400,
      body: {
        error_code: "INVALID_PARAMETER_VALUE",
        message: expect.stringContaining("max_results"),
      },
    });
  });
});

describe("histories of several runs", () => {
  const bulk = (fields: Record<string, string | number | readonly string[]>) =>
    server.get("metrics/get-history-bulk", fields);
  const sampled = (fields: Record<string, string | number | readonly string[]>) =>
    server.get("metrics/get-history-bulk-interval", fields);

  test("come by run, then by time, step and value, up to a limit", async () => {
    const ids = [await newId(), await newId(), await newId()].sort();
    for (const [i, id] of ids.slice(0, 2).entries())
      await log(
        id,
        line("a", 4).map((point) => ({ ...point, value: i })),
      );
    const expected = ids
      .slice(0, 2)
      .flatMap((run_id, i) => line("a", 4).map((point) => ({ ...point, value: i, run_id })));
    const asked = [...ids].reverse();
    expect((await bulk({ run_id: [...asked, "nobody"], metric_key: "a" })).body.metrics).toEqual(
      expected,
    );
    expect((await bulk({ run_id: asked, metric_key: "a", max_results: 6 })).body.metrics).toEqual(
      expected.slice(0, 6),
    );
    expect((await bulk({ run_id: ids[1]!, metric_key: "a", max_results: 2 })).body.metrics).toEqual(
      expected.slice(4, 6),
    );
    expect((await bulk({ run_id: ids, metric_key: "none" })).body).toEqual({ metrics: [] });
  });

  test.each([
    [{ metric_key: "key" }, "GetMetricHistoryBulk request must specify at least one run_id"],
    [
      { run_id: Array.from({ length: 1000 }, (_, i) => `id_${i}`), metric_key: "key" },
      "GetMetricHistoryBulk request cannot specify more than 100 run_ids",
    ],
    [{ run_id: ["123"] }, "GetMetricHistoryBulk request must specify a metric_key"],
  ])("%j is refused", async (fields, message) => {
    expect(await bulk(fields)).toMatchObject({
      status: 400,
      body: { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining(message) },
    });
  });

  test("are sampled by steps of all runs together, keeping the ends of each", async () => {
    const [first, second] = [await newId(), await newId()];
    await log(first, line("s", 10));
    await log(second, line("s", 20));
    await log(first, line("s", 10, 2));
    const at = (run_id: string, steps: number[], timestamps: number[]) =>
      steps.flatMap((step) =>
        timestamps.map((timestamp) => ({ key: "s", value: 10, timestamp, step, run_id })),
      );
    const one = await sampled({ run_ids: first, metric_key: "s", max_results: 5 });
    expect(one.body.metrics).toEqual(at(first, [0, 2, 4, 6, 8, 9], [1, 2]));
    const both = await sampled({
      run_ids: [second, first, second],
      metric_key: "s",
      max_results: 5,
    });
    expect(both.body.metrics).toEqual([
      ...at(second, [0, 4, 8, 9, 12, 16, 19], [1]),
      ...at(first, [0, 4, 8, 9], [1, 2]),
    ]);
    const part = await sampled({
      ...{ run_ids: second, metric_key: "s", start_step: 5, end_step: 8, max_results: 5 },
    });
    expect(part.body.metrics).toEqual(at(second, [5, 6, 7, 8], [1]));
  });

  test.each([
    [{ metric_key: "key" }, "Missing value for required parameter 'run_ids'."],
    [
      { run_ids: Array.from({ length: 1000 }, (_, i) => `id_${i}`), metric_key: "key" },
      "GetMetricHistoryBulkInterval request must specify at most 100 run_ids.",
    ],
    [{ run_ids: "1", metric_key: "key", max_results: 0 }, "max_results must be between 1 and 2500"],
    [{ run_ids: "1", metric_key: "" }, "Missing value for required parameter 'metric_key'"],
    [{ run_ids: "1" }, "Missing value for required parameter 'metric_key'"],
    [
      { run_ids: "1", metric_key: "key", start_step: 1, end_step: 0 },
      "end_step must be greater than start_step. ",
    ],
    [
      { run_ids: "1", metric_key: "key", start_step: 1 },
      "If either start step or end step are specified, both must be specified.",
    ],
  ])("sampling %j is refused", async (fields, message) => {
    expect(await sampled(fields as never)).toMatchObject({
      status: 400,
      body: { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining(message) },
    });
  });

  test("sampling a run that is not there is 404", async () => {
    expect(await sampled({ run_ids: "nobody", metric_key: "s" })).toMatchObject({
      status: 404,
      body: { error_code: "RESOURCE_DOES_NOT_EXIST", message: "Run with id=nobody not found" },
    });
  });
});
