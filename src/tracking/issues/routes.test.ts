import { afterAll, beforeAll, expect, test } from "vitest";
import { type TrackingServer, trackingServer } from "../../testing/tracking-server.ts";

let server: TrackingServer;
let experiment: string;
beforeAll(async () => {
  server = await trackingServer();
  experiment = await server.experiment("issues");
});
afterAll(() => server.stop());

const ISSUES = "3.0/mlflow/issues";
const add = (name: string, more: object = {}) =>
  server.call(`post ${ISSUES}`, {
    ...{ experiment_id: experiment, name, description: "what is wrong", ...more },
  });
const search = async (more: object) => {
  const { json } = await server.call(`post ${ISSUES}/search`, {
    experiment_id: experiment,
    ...more,
  });
  return [(json.issues ?? []).map(({ name }: { name: string }) => name), json.next_page_token];
};

test("an issue is kept and changed", async () => {
  const { json } = await add("slow", {
    root_causes: ["a", "b"],
    source_run_id: "r1",
    created_by: "me",
  });
  const { issue_id: id } = json.issue;
  expect((await server.call(`get ${ISSUES}/${id}`)).json).toEqual(json);
  expect(json.issue).toMatchObject({
    status: "pending",
    root_causes: ["a", "b"],
    source_run_id: "r1",
  });
  const changed = await server.call(`patch ${ISSUES}/${id}`, {
    status: "resolved",
    severity: "high",
  });
  expect(changed.json.issue).toMatchObject({ name: "slow", status: "resolved", severity: "high" });
  expect((await server.call(`patch ${ISSUES}/none`, { name: "x" })).status).toBe(404);
  expect((await add("x", { experiment_id: "99999" })).status).toBe(404);
  expect((await add("x", { status: "gone" })).status).toBe(400);
});

test("the most severe come first, then the newest, page by page", async () => {
  experiment = await server.experiment("many issues");
  for (const [name, severity] of [
    ["a", "low"],
    ["b", undefined],
    ["c", "high"],
    ["d", "low"],
  ])
    await add(name!, { severity });
  const [first, token] = await search({ max_results: 2 });
  const [rest, end] = await search({ max_results: 2, page_token: token });
  expect([...first, ...rest]).toEqual(["c", "d", "a", "b"]);
  expect(end).toBe("");
  await add("e", { status: "rejected" });
  expect(await search({ filter_string: "status = 'rejected'" })).toEqual([["e"], ""]);
});

test("counts the traces that show it", async () => {
  const { json } = await add("shown");
  await server.call("post 3.0/mlflow/traces", {
    trace: {
      trace_info: {
        trace_id: "tr-1",
        trace_location: { mlflow_experiment: { experiment_id: experiment } },
        assessments: [{ assessment_name: json.issue.issue_id, issue: { issue_name: "shown" } }],
      },
    },
  });
  const found = await server.call(`post ${ISSUES}/search`, {
    ...{ experiment_id: experiment, include_trace_count: true },
  });
  const shown = found.json.issues.find(({ name }: { name: string }) => name === "shown");
  expect(shown.trace_count).toBe(1);
});
