import { expect, test } from "vitest";
import type { Pipeline } from "../engine/engine.ts";
import type { Divided } from "../families/divide.ts";
import { ENOUGH, type FamilyFiles, type MemberResult, type Parent } from "../families/family.ts";
import type { FitChunkInput } from "../families/fit-chunk.ts";
import { type Digest, digestOf } from "../lib/digest.ts";
import { getJson, putJson } from "../storage/json-blob.ts";
import { runPipeline } from "../testing/memory-platform.ts";
import type { Platform } from "./platform.ts";
import { type MembersInput, type TrainedMembers, trainMembers } from "./train-members.ts";

/** Blobs in memory, and chunks whose outcome the test says: what is asked is what becomes of the members. */
async function trained(said: readonly (readonly MemberResult[] | "fails")[], parents: string[]) {
  const kept = new Map<Digest, Uint8Array>();
  const blobs = {
    async put(bytes: Uint8Array) {
      kept.set(digestOf(bytes), bytes);
      return digestOf(bytes);
    },
    get: async (digest: Digest) => kept.get(digest)!,
  };
  const chunks = said.map((members, i) => ({
    ...{ level: 0, rows: digestOf(`${i}`) },
    members: (members === "fails" ? [{ name: `f.lost${i}` }] : members).map(({ name }) => ({
      ...{ name, values: [name], from: 0, to: 1 },
    })),
  }));
  const divided: Divided = {
    ...{ base: digestOf("base"), rows: 10, testRows: 2, members: [said.length], thin: [0] },
    levels: [{ chunks: await putJson(blobs, chunks), count: chunks.length }],
  };
  const chunk: Pipeline<FitChunkInput, Digest> = {
    name: "family-chunk",
    async run(_, { index }) {
      const members = said[index]!;
      if (members === "fails") throw new Error("out of memory");
      return putJson(blobs, { members, seconds: 1 });
    },
  };
  const files = {
    ...{ spec: { model: "f" }, base: divided.base },
    parents: Object.fromEntries(parents.map((name) => [name, {} as Parent])),
  };
  const platform = { blobs, compute: { run: async () => divided } } as unknown as Platform;
  const story: Pipeline<null, TrainedMembers> = {
    name: "story",
    run: async (steps) =>
      trainMembers(platform, {
        ...{ steps, spec: { model: "f" }, data: { data: digestOf("data") } },
        family: { levels: [["x"]], enough: ENOUGH, trainers: [], proof: true, pooling: true },
        some: { names: [], files: await putJson(blobs, files) },
      } as unknown as MembersInput),
  };
  const result = await runPipeline(story, null, { children: [chunk as Pipeline] });
  return { result, files: await getJson<FamilyFiles>(blobs, result.files) };
}

const member = (name: string, better: boolean): MemberResult => {
  const reference = { n: 100, mean: 0.5, deviation: 0.1 };
  const file = { onnx: digestOf(name) };
  const parent: Parent = { parts: [file, file, file], whole: file, served: file };
  return {
    ...{ name, level: 0, values: [name], rows: 100, testRows: 50, choice: "own", tried: {} },
    ...{ candidate: "gbdt-1", loss: 0.4, parentLoss: 0.5, reference, parentReference: reference },
    ...(better
      ? { p: 1e-6, model: { file, parent, bytes: 1, background: digestOf("rows") } }
      : { p: 0.5 }),
  };
};

test("a member that stands no more stands in for nobody; one that was not asked goes on", async () => {
  const { files } = await trained(
    [[member("f.now", true), member("f.fell", false)]],
    ["f.fell", "f.other"],
  );
  expect(Object.keys(files.parents).sort()).toEqual(["f.now", "f.other"]);
});

test("members of a chunk that could not be trained are named; the others are trained", async () => {
  const { result } = await trained([[member("f.now", true)], "fails"], []);
  expect(result.failed).toEqual(["f.lost1"]);
  expect(result.levels[0]).toMatchObject({ members: 2, standing: 1, failed: 1 });
});

test("where no chunk can be trained the run fails with the reason", async () => {
  await expect(trained(["fails"], [])).rejects.toThrow(/No member could be trained: out of memory/);
});
