import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lockWaited } from "../../testing/lock-waited.ts";
import { type TrackingServer, trackingServer } from "../../testing/tracking-server.ts";
import { trackedKeys } from "../keys/store.ts";
import { trackedRunStore } from "../runs/store.ts";

let server: TrackingServer;
beforeAll(async () => {
  server = await trackingServer();
});
afterAll(() => server.stop());

const create = async (name: string, more: object = {}): Promise<string> => {
  const { status, body } = await server.post("experiments/create", { name, ...more });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.experiment_id;
};
const get = async (id: string) =>
  (await server.get("experiments/get", { experiment_id: id })).body.experiment;

describe("experiments", () => {
  test("Default is there from the beginning, under the artifact root", async () => {
    expect(await get("0")).toMatchObject({
      ...{ experiment_id: "0", name: "Default", artifact_location: "mlflow-artifacts:/0" },
      lifecycle_stage: "active",
    });
  });

  test("what was created is found by id and by name, with times and tags", async () => {
    const id = await create("ünï 'x'", {
      tags: [
        { key: "a", value: "1" },
        { key: "a", value: "2" },
        { key: "empty", value: "" },
      ],
    });
    expect(id).toMatch(/^[1-9]\d*$/);
    const { body } = await server.get("experiments/get-by-name", { experiment_name: "ünï 'x'" });
    expect(body.experiment).toEqual(await get(id));
    expect(body.experiment).toEqual({
      ...{ experiment_id: id, name: "ünï 'x'", lifecycle_stage: "active" },
      artifact_location: `mlflow-artifacts:/${id}`,
      creation_time: expect.any(Number),
      last_update_time: body.experiment.creation_time,
      tags: [
        { key: "a", value: "2" },
        { key: "empty", value: "" },
      ],
    });
    expect(await get(await create("bare"))).not.toHaveProperty("tags");
  });

  test.each([
    ["s3://bucket/x?region=eu", undefined],
    ["s3://bucket/x", "s3://bucket/x"],
    ["/abs/path", "/abs/path"],
    ["my_location", `${process.cwd()}/my_location`],
    ["./my_location", `${process.cwd()}/my_location`],
    ["file:rel", `file://${process.cwd()}/rel`],
    ["file:///abs", "file:///abs"],
    ["s3://bucket/../x", undefined],
    ["s3://bucket/%2e%2E/x", undefined],
    ["s3://bucket/%252e%252e/x", undefined],
    ["..", undefined],
    ["s3://bucket/x#y", undefined],
    ["runs:/x", undefined],
    [`s3://${"x".repeat(2050)}`, undefined],
  ])("an artifact location of %s", async (given, expected) => {
    const body = { name: `at ${given}`.slice(0, 400), artifact_location: given };
    const answer = await server.post("experiments/create", body);
    if (expected === undefined)
      expect(answer).toMatchObject({
        status: 400,
        body: { error_code: "INVALID_PARAMETER_VALUE" },
      });
    else expect((await get(answer.body.experiment_id)).artifact_location).toBe(expected);
  });

  test("an artifact location encoded a million times over is refused before it is decoded", async () => {
    const artifact_location = `s3://bucket/%${"25".repeat(1_000_000)}`;
    expect(
      await server.post("experiments/create", { name: "encoded", artifact_location }),
    ).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("artifact path length") },
    });
  });

  test("a name is taken even by a deleted one, and of many at once one gets it", async () => {
    const id = await create("taken");
    await server.post("experiments/delete", { experiment_id: id });
    expect(await server.post("experiments/create", { name: "taken" })).toMatchObject({
      status: 400,
      body: {
        error_code: "RESOURCE_ALREADY_EXISTS",
        message: expect.stringContaining("Experiment(name=taken) already exists."),
      },
    });
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => server.post("experiments/create", { name: "raced" })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const other = await create("other");
    expect(
      await server.post("experiments/update", { experiment_id: other, new_name: "raced" }),
    ).toMatchObject({ status: 400, body: { error_code: "RESOURCE_ALREADY_EXISTS" } });
  });

  test("deletion takes active runs with it, and restoring those back", async () => {
    const id = await create("cascade");
    const run = async () =>
      (await server.post("runs/create", { experiment_id: id })).body.run.info.run_id as string;
    const [kept, gone] = [await run(), await run()];
    await server.post("runs/delete", { run_id: gone });
    await new Promise((resolve) => setTimeout(resolve, 2));
    const stage = async (run_id: string) =>
      (await server.get("runs/get", { run_id })).body.run.info.lifecycle_stage;

    expect(await server.post("experiments/delete", { experiment_id: id })).toEqual({
      status: 200,
      body: {},
    });
    expect([(await get(id)).lifecycle_stage, await stage(kept), await stage(gone)]).toEqual([
      "deleted",
      "deleted",
      "deleted",
    ]);
    expect(await server.post("runs/create", { experiment_id: id })).toMatchObject({
      status: 400,
      body: {
        error_code: "INVALID_PARAMETER_VALUE",
        message: expect.stringContaining("'active' state"),
      },
    });
    expect(
      await server.post("experiments/update", { experiment_id: id, new_name: "x" }),
    ).toMatchObject({
      status: 400,
      body: {
        error_code: "INVALID_STATE",
        message: expect.stringContaining("Cannot rename experiment in non-active lifecycle stage"),
      },
    });
    expect(
      await server.post("experiments/set-experiment-tag", {
        experiment_id: id,
        key: "a",
        value: "b",
      }),
    ).toMatchObject({ status: 400 });
    expect(await server.post("experiments/delete", { experiment_id: id })).toMatchObject({
      status: 404,
    });

    await server.post("experiments/restore", { experiment_id: id });
    expect([(await get(id)).lifecycle_stage, await stage(kept), await stage(gone)]).toEqual([
      "active",
      "active",
      "deleted",
    ]);
    expect(await server.post("experiments/restore", { experiment_id: id })).toMatchObject({
      status: 404,
    });
  });

  test("a run that is made while its experiment is deleted is deleted with it", async () => {
    const id = await create("deleted meanwhile");
    let gone: Promise<unknown> = Promise.resolve();
    await server.db.sql.transact(async (tx) => {
      await trackedRunStore(tx, trackedKeys(tx)).create({
        ...{ id: "meanwhile", experiment: id, name: "n", userId: "", startTime: 1, tags: [] },
      });
      gone = server.post("experiments/delete", { experiment_id: id });
      await lockWaited(server.db.sql, "update millwright.experiment");
    });
    await gone;
    const stage = async () =>
      (await server.get("runs/get", { run_id: "meanwhile" })).body.run.info.lifecycle_stage;
    expect(await stage()).toBe("deleted");
    await server.post("experiments/restore", { experiment_id: id });
    expect(await stage()).toBe("active");
  });

  test("tags are set, overwritten and removed; the name changes", async () => {
    const id = await create("tagged");
    for (const value of ["1", "2\n3", ""])
      await server.post("experiments/set-experiment-tag", {
        experiment_id: id,
        key: "multi line",
        value,
      });
    await server.post("experiments/set-experiment-tag", { experiment_id: id, key: "k" });
    await server.post("experiments/update", { experiment_id: id, new_name: "renamed" });
    expect(await get(id)).toMatchObject({
      name: "renamed",
      tags: [
        { key: "k", value: "" },
        { key: "multi line", value: "" },
      ],
    });
    await server.post("experiments/delete-experiment-tag", { experiment_id: id, key: "k" });
    expect(
      await server.post("experiments/delete-experiment-tag", { experiment_id: id, key: "k" }),
    ).toMatchObject({
      status: 404,
      body: {
        error_code: "RESOURCE_DOES_NOT_EXIST",
        message: `No tag with name: k in experiment with id ${id}`,
      },
    });
  });

  test.each([
    ["77777", 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=77777 exists"],
    ["9223372036854775807", 404, "RESOURCE_DOES_NOT_EXIST", "exists"],
    [
      "9223372036854775808",
      404,
      "RESOURCE_DOES_NOT_EXIST",
      "No Experiment with id=9223372036854775808 exists",
    ],
    ["-1", 404, "RESOURCE_DOES_NOT_EXIST", "exists"],
    ["9".repeat(5000), 400, "INVALID_PARAMETER_VALUE", "Invalid experiment ID"],
    [
      "1 or 1=1",
      400,
      "INVALID_PARAMETER_VALUE",
      "Invalid experiment ID '1 or 1=1'. Experiment ID must be a valid integer.",
    ],
    ["", 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'experiment_id'."],
  ])("id %s: %i %s", async (experiment_id, status, error_code, message) => {
    const expected = { status, body: { error_code, message: expect.stringContaining(message) } };
    expect(await server.get("experiments/get", { experiment_id })).toMatchObject(expected);
    for (const call of [
      "delete",
      "restore",
      "update",
      "set-experiment-tag",
      "delete-experiment-tag",
    ])
      expect(
        await server.post(`experiments/${call}`, {
          experiment_id,
          new_name: "n",
          key: "k",
          value: "v",
        }),
      ).toMatchObject(expected);
    if (experiment_id !== "")
      expect(await server.post("runs/create", { experiment_id })).toMatchObject(expected);
  });

  test("an unknown name is 404, since clients then create it", async () => {
    expect(await server.get("experiments/get-by-name", { experiment_name: "'; --" })).toEqual({
      status: 404,
      body: {
        error_code: "RESOURCE_DOES_NOT_EXIST",
        message: "Could not find experiment with name ''; --'",
      },
    });
  });

  test.each([
    [{ name: 123 }, "Invalid value 123 for parameter 'name'"],
    [{}, "Missing value for required parameter 'name'."],
    ['{"name":"n","artifact_location":9.0}', "Invalid value 9.0 for parameter 'artifact_location'"],
    [{ name: "n", tags: "5" }, `Invalid value "5" for parameter 'tags'`],
    [{ name: "n", tags: [{ value: "5" }] }, "Missing value for required parameter 'tags[0].key'"],
    [{ name: "n".repeat(501) }, "'name' exceeds the maximum length of 500 characters"],
    [{ name: "n\0" }, "code 0"],
    [
      { name: "n", tags: [{ key: "k".repeat(251), value: "" }] },
      "'key' exceeds the maximum length of 250",
    ],
    [
      { name: "n", tags: [{ key: "k", value: "v".repeat(5001) }] },
      "'value' exceeds the maximum length of 5000",
    ],
    [{ name: "n", tags: [{ key: "../k", value: "" }] }, "Invalid value"],
    ["{", "The body is not JSON"],
    ["[]", "The body must be a JSON object"],
    [`{"name":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, "for parameter 'name' supplied"],
  ])("creating with %j: %s", async (body, message) => {
    expect(await server.post("experiments/create", body)).toMatchObject({
      status: 400,
      body: { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining(message) },
    });
  });
});
