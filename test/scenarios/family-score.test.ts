/** Batches of a family: each row by its member, as the gateway answers it; pinned when planned. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StepContext } from "../../src/engine/engine.ts";
import { planScoring } from "../../src/pipelines/plan-scoring.ts";
import { predictHere } from "../../src/pipelines/predict-here.ts";
import type { ScoreOutcome } from "../../src/pipelines/score.ts";
import { scoreParts } from "../../src/pipelines/score-parts.ts";
import { writeScores } from "../../src/pipelines/write-scores.ts";
import { SHOPS } from "../../src/testing/shops.ts";
import { type ShopsPlatform, shopsPlatform } from "./shops-platform.ts";

let shop: ShopsPlatform;

/** Every shop, one that is too thin, one nobody knows, and rows that say less. */
const rows = [...SHOPS, "tiny", "new", ""].flatMap((name, i) =>
  [0, 3, 9].map((late) => ({
    ...{
      order: `o${i}-${late}`,
      shop: name,
      region: name === "" ? "" : name[0]!,
      price: 5 + 9 * i,
    },
    days_late: late,
  })),
);

beforeAll(async () => {
  shop = await shopsPlatform();
  await shop.run("train", { reason: "a test" });
  const lines = rows.map((r) => [r.order, r.shop, r.region, r.days_late, r.price].join(","));
  const text = ["order,shop,region,days_late,price", ...lines].join("\n");
  writeFileSync(join(shop.folder, "new.csv"), `${text}\n`);
});
afterAll(() => shop?.close());

const score = (out: string, more: object = {}) =>
  shop.run<ScoreOutcome>("score", {
    ...{ source: "new.csv", folder: shop.folder, out: join(shop.folder, out), ...more },
  });
const read = (out: string) =>
  readFileSync(join(shop.folder, out), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
/** As callers send them. */
const asked = rows.map(({ shop, region, ...row }) => ({
  ...row,
  ...{ shop: shop === "" ? null : shop, region: region === "" ? null : region },
}));
/** What the gateway says to them, as the columns of a batch. */
const online = async () =>
  (await shop.ask(asked)).map(({ probability, answeredBy, level, version, label }) => ({
    ...{ prediction: label, probability_yes: probability, version },
    ...{ answered_by: answeredBy ?? "returns", level: level ?? 0 },
  }));

describe("a batch of a family", () => {
  test("is answered by the model everybody shares where a member's file is missing", async () => {
    const { platform } = shop;
    const a2 = await shop.look.member({ model: "returns", member: "returns.a2" });
    const onnx = a2.version!.onnx as `sha256:${string}`;
    const bytes = await platform.blobs.get(onnx);
    await platform.blobs.delete(onnx);
    const done = await score("gone.jsonl", { top: 3 });
    await platform.blobs.put(bytes);
    expect(done.answered).toMatchObject({ training: 1, stoodIn: 3 });
    const own = read("gone.jsonl").filter((row) => row.shop === "a2");
    expect(own.map(({ answered_by, level }) => [answered_by, level])).toEqual([
      ...Array(3).fill(["returns", 2]),
    ]);
  });

  test("has the answers of a gateway, member by member, and says who gave how many", async () => {
    // Another question than before: the parts of that one are kept.
    const done = await score("scored.jsonl", { reasons: 2 });
    const said = read("scored.jsonl");
    const expected = await online();
    expect(said.map(({ order }) => order)).toEqual(rows.map(({ order }) => order));
    for (const [i, row] of said.entries()) {
      const { probability_yes, ...other } = expected[i]!;
      expect(row).toMatchObject(other);
      expect(row.probability_yes).toBeCloseTo(probability_yes!, 6);
      expect(row.reasons).toMatch(/days_late|price|parent/);
    }
    const levels = [0, 1, 2].map((level) => said.filter((row) => row.level === level).length);
    expect(done.answered).toEqual({
      ...{ training: 1, stoodIn: 0 },
      levels: [
        { columns: ["shop"], rows: levels[0] },
        { columns: ["region"], rows: levels[1] },
        { columns: [], rows: levels[2] },
      ],
    });
    expect(levels[0]).toBeGreaterThanOrEqual(9);
    const by = new Map(said.map((row) => [row.shop, row.answered_by]));
    expect(by.get("a4")).toBe("returns.a4");
    expect((await shop.look.member({ model: "returns", member: "returns.a4" })).candidate).toMatch(
      /^shrunk/,
    );
    for (const name of ["tiny", "new", ""]) expect(by.get(name)).not.toBe(`returns.${name}`);
    expect(done.rows).toBe(rows.length);
  });

  test("and so has the step predict of a pipeline, without a log", async () => {
    const { platform } = shop;
    const work = { does: "predict", model: "returns", rows: asked } as const;
    const told = await predictHere(platform, work);
    for (const [i, expected] of (await shop.ask(asked)).entries()) {
      const { label, version, answeredBy, level, probability } = expected;
      expect(told[i]).toMatchObject({
        label,
        version,
        ...(answeredBy ? { answeredBy, level } : {}),
      });
      expect(told[i]!.probability).toBeCloseTo(probability!, 6);
    }
    expect(told.some(({ answeredBy }) => answeredBy === "returns.a4")).toBe(true);
    const one = await predictHere(platform, { ...work, version: "champion" });
    expect(one.every(({ answeredBy }) => answeredBy === undefined)).toBe(true);
    await expect(
      predictHere(platform, { ...work, rows: [...asked, { ...asked[0]!, price: "a lot" }] }),
    ).rejects.toThrow(`row ${asked.length}, price: "a lot"`);
  });

  test("one version that is asked for by name answers all rows, as before", async () => {
    const done = await score("one.jsonl", { version: "champion" });
    expect(done.answered).toBeUndefined();
    expect(Object.keys(read("one.jsonl")[0])).not.toContain("answered_by");
  });

  test("keeps the members it was planned with", async () => {
    const { platform } = shop;
    const step = {
      progress: () => {},
      signal: new AbortController().signal,
    } as unknown as StepContext;
    const out = join(shop.folder, "planned.jsonl");
    const input = { model: "returns", source: "new.csv", folder: shop.folder, out };
    const plan = await planScoring(platform, { ...input, step, top: 5, reasons: 1 });
    const before = await online();
    await platform.serving.removeRoute("returns.c1", "a test");
    await scoreParts(platform, { plan, runner: "run_pinned", step, alone: false });
    await writeScores(platform, { plan, out, token: "t" });
    expect(read("planned.jsonl").map((row) => row.answered_by)).toEqual(
      before.map((row) => row.answered_by),
    );
    const after = await score("after.jsonl", { reasons: 1 });
    expect(after.partsFound).toBe(0);
    const c1 = read("after.jsonl").filter((row) => row.shop === "c1");
    expect(c1.map((row) => row.answered_by)).not.toContain("returns.c1");
  });
});
