import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../../lib/digest.ts";
import type { Blobs } from "../../storage/blobs/blobs.ts";
import { fileBlobs } from "../../storage/blobs/files.ts";
import { type TestDatabase, testDatabase } from "../../testing/database.ts";
import type { JobDesk } from "../jobs.ts";
import { openDesk } from "./open-desk.ts";
import { jobId, tokenHash } from "./run-job.ts";
import { type JobStore, jobStore } from "./store.ts";

let db: TestDatabase;
let store: JobStore;
let blobs: Blobs;
let desk: JobDesk;
let now = 1000;
const ID = jobId("run_1", "fit: elsewhere", 1);
const OTHER = jobId("run_1", "fit: elsewhere", 2);
const bytes = new TextEncoder().encode("a model");
async function* content(text = bytes): AsyncGenerator<Uint8Array> {
  yield text.subarray(0, 3);
  yield text.subarray(3);
}

beforeAll(async () => {
  db = await testDatabase();
  store = jobStore(db.sql);
  blobs = fileBlobs(`${db.folder}/blobs`);
  desk = openDesk({ sql: db.sql, blobs, clock: { now: () => now } });
  const file = new TextEncoder().encode("rows");
  const digest = await blobs.put(file);
  const work = {
    program: { command: ["python", "train.py"], label: "train.py" },
    files: [{ name: "project/lib/a.py", digest, bytes: file.length }],
    ...{ timeoutMs: 1, startWithinMs: 1 },
  };
  const row = { run: "run_1", step: "fit: elsewhere", place: { place: "process" }, work } as const;
  await store.add({ ...row, id: ID, attempt: 1 });
  await store.add({ ...row, id: OTHER, attempt: 2 });
  await store.allow(ID, tokenHash("first"), 5000);
  await store.allow(ID, tokenHash("second"), 5000);
  await store.allow(OTHER, tokenHash("other"), 5000);
});
afterAll(() => db.stop());

describe("what jobs ask of control", () => {
  test("is answered to every token that was made for that job, and to no other", async () => {
    expect((await desk.work(ID, "first")).program.label).toBe("train.py");
    expect(await desk.runner(ID, "second")).toContain("MILLWRIGHT_JOB_URL");
    for (const [id, token] of [
      [ID, "other"],
      [ID, ""],
      [OTHER, "first"],
      ["millwright-none", "first"],
    ] as const)
      await expect(desk.work(id, token)).rejects.toMatchObject({ code: "unauthorized" });
  });

  test("gives the job's own files only", async () => {
    const found = await desk.file(ID, "first", "project/lib/a.py");
    const blocks: Uint8Array[] = [];
    for await (const block of found.content) blocks.push(block);
    expect(Buffer.concat(blocks).toString()).toBe("rows");
    for (const name of ["../secret.key", "project/lib/b.py", "constructor"])
      await expect(desk.file(ID, "first", name)).rejects.toMatchObject({ code: "not_found" });
  });

  test("keeps a result of its kinds, whole", async () => {
    const give = (name: string, digest: string | undefined) =>
      desk.receive(ID, "first", { name, digest, content: content() });
    await expect(give("model.pkl", digestOf(bytes))).rejects.toMatchObject({
      code: "invalid_input",
    });
    await expect(give("model.onnx", undefined)).rejects.toMatchObject({ code: "unavailable" });
    await expect(give("model.onnx", digestOf("other"))).rejects.toThrow(/Send it again/);
    expect((await store.get(ID))?.results).toEqual({});
    const kept = await give("model.onnx", digestOf(bytes));
    expect((await store.get(ID))?.results).toEqual({ "model.onnx": kept });
    expect(kept).toEqual({ digest: digestOf(bytes), bytes: bytes.length });
  });

  test("is refused once the token's time is over, and once the job is", async () => {
    now = 5001;
    await expect(desk.work(ID, "first")).rejects.toThrow(/expired/);
    now = 1000;
    await store.end(ID, { results: {} });
    await expect(desk.work(ID, "first")).rejects.toMatchObject({ code: "forbidden" });
    const late = { name: "model.onnx", digest: digestOf(bytes), content: content() };
    await expect(desk.receive(ID, "first", late)).rejects.toMatchObject({ code: "forbidden" });
  });

  test("the first outcome stands", async () => {
    expect(await store.end(OTHER, { failed: "first" })).toEqual({ failed: "first" });
    expect(await store.end(OTHER, { dropped: true })).toEqual({ failed: "first" });
  });
});
