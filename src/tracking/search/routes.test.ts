import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TrackingServer, trackingServer } from "../../testing/tracking-server.ts";

let server: TrackingServer;
let experiment: string;
const ids: string[] = [];

beforeAll(async () => {
  server = await trackingServer();
  const made = await server.post("experiments/create", { name: "searched" });
  experiment = made.body.experiment_id;
  for (let i = 0; i < 7; i++) {
    const { body } = await server.post("runs/create", {
      ...{ experiment_id: experiment, user_id: "kim", run_name: `run ${i}`, start_time: 1000 + i },
    });
    const id: string = body.run.info.run_id;
    ids.push(id);
    await server.post("runs/log-batch", {
      run_id: id,
      metrics: [
        { key: "f1", value: i === 6 ? "NaN" : i / 10, timestamp: 5, step: 0 },
        { key: "größe / m", value: i === 5 ? "Infinity" : -1e300, timestamp: 5, step: 3 },
      ],
      params: [{ key: "depth", value: `${i % 2}\n"quoted" é` }],
      tags: [{ key: "team", value: i < 3 ? "red" : "blue" }],
    });
  }
  await server.post("runs/log-inputs", {
    run_id: ids[2],
    datasets: [
      {
        tags: [{ key: "mlflow.data.context", value: "training" }],
        dataset: { name: "iris", digest: "d1", source_type: "local", source: "{}", schema: "{}" },
      },
    ],
  });
});
afterAll(() => server.stop());

const search = (more: object = {}) =>
  server.post("runs/search", { experiment_ids: [experiment], ...more });
const found = async (more: object): Promise<number[]> => {
  const { body } = await search(more);
  return (body.runs ?? []).map((run: { info: { run_id: string } }) => ids.indexOf(run.info.run_id));
};

describe("runs/search", () => {
  it("answers runs as runs/get does", async () => {
    const { body } = await search();
    expect(body.runs).toHaveLength(7);
    for (const run of body.runs) {
      const one = await server.get("runs/get", { run_id: run.info.run_id });
      expect(one.body.run).toEqual(run);
    }
  });

  it("answers by filter and in order", async () => {
    expect(await found({})).toEqual([6, 5, 4, 3, 2, 1, 0]);
    expect(await found({ order_by: ["metrics.f1 DESC"] })).toEqual([5, 4, 3, 2, 1, 0, 6]);
    expect(await found({ filter: "metrics.`größe / m` > 0" })).toEqual([5]);
    expect(await found({ filter: "tags.team = 'red' and metrics.f1 >= 0.1" })).toEqual([2, 1]);
    expect(await found({ filter: "run_name LIKE '%3'" })).toEqual([3]);
    expect(await found({ filter: "datasets.context = 'training'" })).toEqual([2]);
    expect(await found({ filter: "tags.`mlflow.runName` = 'run 4'" })).toEqual([4]);
    expect(await found({ filter: "params.none != 'x'" })).toEqual([]);
  });

  it("answers {} where there is nothing", async () => {
    expect((await search({ filter: "metrics.f1 > 7" })).body).toEqual({});
    expect((await server.post("runs/search", {})).body).toEqual({});
    expect(
      (await server.post("runs/search", { experiment_ids: ["99999999999999999999"] })).body,
    ).toEqual({});
  });

  it("answers page after page, the last without a token", async () => {
    const seen: number[] = [];
    let page_token: string | undefined;
    for (let pages = 0; pages < 4; pages++) {
      const more = { max_results: 2, order_by: ["metrics.f1"], page_token };
      const { body } = await search(more);
      seen.push(
        ...body.runs.map((run: { info: { run_id: string } }) => ids.indexOf(run.info.run_id)),
      );
      page_token = body.next_page_token;
      expect(page_token === undefined).toBe(pages === 3);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect((await search({ max_results: 7 })).body.next_page_token).toBeUndefined();
  });

  it("sees deleted runs when asked to", async () => {
    await server.post("runs/delete", { run_id: ids[1] });
    expect(await found({ filter: "metrics.f1 < 0.25" })).toEqual([2, 0]);
    expect(await found({ run_view_type: "DELETED_ONLY" })).toEqual([1]);
    expect(await found({ run_view_type: 3, filter: "metrics.f1 < 0.25" })).toEqual([2, 1, 0]);
    await server.post("runs/restore", { run_id: ids[1] });
  });

  it("streams large pages", async () => {
    await server.db.sql.query(
      `insert into millwright.tracked_run (id, experiment, name, user_id, status, start_time, artifact_uri)
       select 'many' || lpad(i::text, 5, '0'), $1, 'n', '', 'FINISHED', 1, '' from generate_series(1, 1203) i`,
      [experiment],
    );
    const { body } = await search({ filter: "run_id LIKE 'many%'", max_results: 1202 });
    expect(body.runs).toHaveLength(1202);
    const { body: rest } = await search({
      ...{ filter: "run_id LIKE 'many%'", max_results: 1202, page_token: body.next_page_token },
    });
    expect(rest.runs[0].info.run_id).toBe("many01203");
    expect(rest.next_page_token).toBeUndefined();
  });

  it.each([
    [{ filter: "metrics.f1 = 'a'" }, "Expected numeric value type for metric"],
    [{ order_by: ["metrics.f1", "metrics.f1 DESC"] }, "duplicate"],
    [{ order_by: "metrics.f1" }, "order_by"],
    [{ max_results: 0 }, "Invalid value 0 for parameter 'max_results' supplied"],
    [{ max_results: 50_001 }, "Invalid value 50001 for parameter 'max_results' supplied"],
    [{ page_token: "not a token" }, "Invalid page token"],
    [{ page_token: "7b7d" }, "Invalid page token"],
    [{ page_token: "5b22222c5b5d5d" }, "Invalid page token"],
    [{ experiment_ids: ["abc"] }, "experiment_ids"],
    [{ filter: 3 }, "filter"],
  ])("refuses %o", async (more, reason) => {
    const { status, body } = await search(more);
    expect([status, body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    expect(body.message).toContain(reason);
  });

  it("refuses the token of another order", async () => {
    const { body } = await search({ max_results: 1, order_by: ["metrics.f1"] });
    const other = await search({ page_token: body.next_page_token, order_by: ["metrics.f1 DESC"] });
    expect([other.status, other.body.message]).toEqual([
      400,
      expect.stringContaining("other arguments"),
    ]);
  });
});

describe("experiments/search", () => {
  const names = async (more: object): Promise<string[]> => {
    const { status, body } = await server.post("experiments/search", { max_results: 100, ...more });
    expect(status).toBe(200);
    return (body.experiments ?? []).map(({ name }: { name: string }) => name);
  };

  beforeAll(async () => {
    for (const [name, tags] of [
      ["b", [{ key: "k", value: "v" }]],
      ["B", [{ key: "k", value: "V" }]],
      ["ba", []],
    ])
      await server.post("experiments/create", { name, tags });
  });

  it("answers by filter and in order", async () => {
    expect(await names({ order_by: ["name"] })).toEqual(["B", "Default", "b", "ba", "searched"]);
    expect(await names({ filter: "name LIKE 'b%'", order_by: ["name DESC"] })).toEqual(["ba", "b"]);
    expect(await names({ filter: "attribute.name ILIKE 'b'" })).toHaveLength(2);
    expect(await names({ filter: "tag.k = 'v'" })).toEqual(["b"]);
    expect(await names({ filter: "tags.k != 'v'" })).toEqual(["B"]);
    expect(await names({ filter: "tags.k IS NULL AND name ILIKE 'b%'" })).toEqual(["ba"]);
    expect(await names({ filter: "creation_time > 1", order_by: ["experiment_id DESC"] })).toEqual([
      "ba",
      "B",
      "b",
      "searched",
      "Default",
    ]);
    const ids = await server.post("experiments/search", { order_by: ["experiment_id ASC"] });
    expect(ids.body.experiments[0]).toMatchObject({
      experiment_id: "0",
      lifecycle_stage: "active",
    });
  });

  it("answers pages, also to GET", async () => {
    const seen: string[] = [];
    let token = "";
    do {
      const { body } = await server.get("experiments/search", {
        ...{ max_results: 2, page_token: token, order_by: ["name DESC"], view_type: "ALL" },
      });
      seen.push(...body.experiments.map(({ name }: { name: string }) => name));
      token = body.next_page_token ?? "";
    } while (token !== "");
    expect(seen).toEqual(["searched", "ba", "b", "Default", "B"]);
  });

  it("refuses what no experiment has", async () => {
    const { status, body } = await server.post("experiments/search", { filter: "status = 'a'" });
    expect([status, body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    expect(body.message).toContain("Valid keys are 'name'");
  });
});

describe("experiments/search-datasets", () => {
  it("answers what runs used", async () => {
    const { body } = await server.post("experiments/search-datasets", {
      experiment_ids: [experiment],
    });
    expect(body.dataset_summaries).toEqual([
      { experiment_id: experiment, name: "iris", digest: "d1", context: "training" },
    ]);
  });

  it("wants one to twenty experiments", async () => {
    const none = await server.post("experiments/search-datasets", {});
    expect([none.status, none.body.message]).toEqual([
      400,
      "SearchDatasets request must specify at least one experiment_id.",
    ]);
    const many = await server.post("experiments/search-datasets", {
      experiment_ids: Array.from({ length: 21 }, (_, i) => `id_${i}`),
    });
    expect(many.body.message).toContain("SearchDatasets request cannot specify more than 20");
  });
});
