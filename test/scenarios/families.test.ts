/** A family of shops on the real parts: trained by level, served by the nearest member, watched, some trained again. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { families as contract } from "../../sdk/src/contract/families.ts";
import { serving } from "../../sdk/src/contract/serving.ts";
import { client } from "../../sdk/src/index.ts";
import { type App, openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { type Control, openControl } from "../../src/control.ts";
import { type Gateway, openGateway } from "../../src/gateway.ts";
import type { TrainOutcome } from "../../src/pipelines/train.ts";
import type { FamilyOutcome } from "../../src/pipelines/train-family.ts";
import type { WatchFamilyOutcome } from "../../src/pipelines/watch-family.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { SHOPS, shops } from "../../src/testing/shops.ts";

let folder: string;
let app: App;
let control: Control;
let gateway: Gateway;

const project = (family: object) => `export default {
  datasets: { orders: { source: "orders.csv", key: "order", time: "at" } },
  models: { returns: { dataset: "orders", target: "returned", positive: "yes",
    features: { days_late: { role: "numeric" }, price: { role: "numeric" } }, onlyListed: true,
    train: { trainers: ["baseline", "linear", "gbdt"], budget: "10s" }, gates: [{ gate: "beats_baseline", params: {} }],
    family: ${JSON.stringify(family)} } },
};\n`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millwright-families-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "orders.csv"), shops({ rows: 600, odd: ["a2", "c1"] }));
  writeFileSync(
    join(folder, "millwright.config.ts"),
    project({ by: "shop", parents: [["region"], []] }),
  );
  const environment = { MILLWRIGHT_PORT: "0", MILLWRIGHT_GATEWAY_PORT: "0" };
  const config = readConfig(environment, folder);
  const log = quietLog();
  app = await openApp({ config, log, work: "yes" });
  control = await openControl(app, config, log);
  const { sql, platform } = app;
  const parts = { runtime: await onnxRuntime(), blobs: platform.blobs, sql, log };
  gateway = await openGateway({ ...parts, version: "test" }, { port: 0, dataDir: config.dataDir });
});
afterAll(async () => {
  await gateway?.close();
  await control?.close();
  await app?.close();
  rmSync(folder, { recursive: true, force: true });
});

const api = () => client(serving, { url: gateway.url });
const look = () => client(contract, { url: control.url });
const late = { days_late: 9, price: 50 };

async function run<O>(pipeline: string, input: object): Promise<O> {
  const { engine } = app.platform;
  return engine.wait<O>(await engine.submit(pipeline, { model: "returns", ...input }));
}

async function ask(rows: readonly object[]) {
  await api().refreshRoutes({});
  return (await api().predict({ model: "returns", rows: rows as never })).predictions;
}

describe("a family", () => {
  test("is trained with its model: those that differ stand alone, and no others", async () => {
    const outcome = await run<TrainOutcome>("train", { reason: "a test" });
    expect(outcome).toMatchObject({ deployment: "promoted", family: { members: 11 } });
    const family = await look().family({ model: "returns" });
    expect(family.levels.map(({ columns, members, thin }) => [columns, members, thin])).toEqual([
      [["shop"], 8, 1],
      [["region"], 3, 1],
    ]);
    const { members } = await look().members({ model: "returns", stands: true, level: 0 });
    const odd = members.map(({ name }) => name);
    // The other shops of a region whose model fits the odd one may stand out against that, too.
    expect(odd).toEqual(expect.arrayContaining(["returns.a2", "returns.c1"]));
    expect(odd).not.toEqual(expect.arrayContaining(["returns.b1"]));
    for (const { loss, parentLoss, q } of members) {
      expect(loss!).toBeLessThan(parentLoss!);
      expect(q!).toBeLessThanOrEqual(0.05);
    }
  });

  test("answers each row by the nearest member that has a model, and says which", async () => {
    const shop = (name: string | null, region = "a") => ({ shop: name, region, ...late });
    const said = await ask([
      ...[shop("a2"), shop("b1", "b"), shop("c1", "c"), shop("new", "b"), shop("tiny", "t")],
      ...[shop(null, "b"), { ...late }],
    ]);
    const chance = said.map(({ probability }) => Math.round(probability!));
    expect(chance).toEqual([0, 1, 0, 1, 1, 1, 1]);
    const by = said.map(({ answeredBy, level }) => [answeredBy, level]);
    expect(by[0]).toEqual(["returns.a2", 0]);
    expect(by[2]).toEqual(["returns.c1", 0]);
    expect(by[6]).toEqual(["returns", 2]);
    expect(by[4]).toEqual(["returns", 2]);
    expect(said.every(({ variant }) => variant === "champion")).toBe(true);
  });

  test("a member can be asked by its name; one without a model is told so", async () => {
    const rows = [{ shop: "a2", ...late }];
    const { predictions } = await api().predict({ model: "returns.a2", rows });
    expect(predictions[0]!.probability).toBeLessThan(0.5);
    await expect(api().predict({ model: "returns.b1", rows })).rejects.toMatchObject({
      code: "not_found",
    });
  });

  test("the rows go into the log of the family, with the version that answered", async () => {
    const [said] = await ask([{ shop: "a2", region: "a", ...late, order: "x" }]);
    const member = await look().member({ model: "returns", member: "returns.a2" });
    expect(said!.versionId).toBe(member.version!.id);
    const query = { model: "returns", from: 0, to: Number.MAX_SAFE_INTEGER, id: said!.id };
    const [logged] = await app.platform.predictions.read(query);
    expect(logged).toMatchObject({ version: member.version!.id, inputs: { shop: "a2" } });
  });

  test("members that have become worse are found, those that have not are left alone", async () => {
    const from = Date.UTC(2026, 5, 1);
    const csv = shops({ rows: 80, odd: ["a2", "c1", "b3"], from: 151, days: 7, seed: "later" });
    const [head, ...lines] = csv.trim().split("\n");
    const names = head!.split(",");
    const rows = lines.map((line) => {
      const cells = line.split(",").map((cell, i) => [names[i]!, cell] as const);
      const { returned, days_late, price, ...row } = Object.fromEntries(cells);
      return { row: { ...row, days_late: Number(days_late), price: Number(price) }, returned };
    });
    const said = await ask(rows.map(({ row }) => row));
    const feedback = said.map(({ id }, i) => ({ id, label: rows[i]!.returned!, at: from }));
    await api().giveFeedback({ model: "returns", feedback });
    const window = { start: from, end: from + 8 * 86_400_000 };
    const found = await run<WatchFamilyOutcome>("watch-family", window);
    expect(found).toMatchObject({ rows: rows.length });
    expect(found.failing).toContain("returns.b3");
    for (const shop of ["a2", "c1", "a1", "b1"])
      expect(found.failing).not.toContain(`returns.${shop}`);
    const b3 = await look().member({ model: "returns", member: "returns.b3" });
    expect(b3.watched).toMatchObject({ failing: true, rows: 80 });
  });

  test("and are trained again by themselves, under the same parents, the others not", async () => {
    const before = await look().members({ model: "returns", order: "name" });
    const again = await waitForTraining(2);
    expect(again).toMatchObject({ under: 1 });
    const after = await look().members({ model: "returns", order: "name" });
    const changed = after.members.filter(({ name, trainedAt }) => {
      return before.members.find((m) => m.name === name)?.trainedAt !== trainedAt;
    });
    expect(changed.map(({ name }) => name)).toContain("returns.b3");
    expect(changed.length).toBeLessThan(SHOPS.length / 2);
    expect(changed.find(({ name }) => name === "returns.b3")!.watched).toBeNull();
  });

  test("a training of members alone that finds nothing new changes nothing that is served", async () => {
    const routes = await app.platform.serving.lastChange();
    const member = { members: ["returns.a2"], reason: "a test" };
    const first = await run<FamilyOutcome>("train-family", member);
    expect(first).toMatchObject({ members: 1 });
    const changes = (await app.platform.serving.lastChange()) - routes;
    expect(changes).toBe(first.changed);
    const second = await run<FamilyOutcome>("train-family", member);
    expect(second).toMatchObject({ version: first.version, changed: 0, removed: 0 });
  });

  test("what cannot be is said", async () => {
    await expect(look().family({ model: "nobody" })).rejects.toThrow(
      /no trained members.*family\(/s,
    );
    await expect(look().member({ model: "returns", member: "returns.tiny" })).rejects.toMatchObject(
      { code: "not_found" },
    );
    writeFileSync(join(folder, "millwright.config.ts"), project({ by: "shp" }));
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await expect(run("train-family", { reason: "a test" })).rejects.toThrow(
      /models.returns.family names the column "shp", which the data does not have/,
    );
  });
});

async function waitForTraining(number: number) {
  for (let tries = 0; tries < 300; tries++) {
    const { trainings } = await look().family({ model: "returns" });
    const found = trainings.find((training) => training.number === number);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`no training ${number} within a minute`);
}
