/**
 * A model made elsewhere becomes a version as a trained one does: judged on the project's held-out rows, by its gates, against
 * its champion; promoted or kept with the reason; served by the gateway; explained and watched.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import type { Gateway } from "../../src/gateway.ts";
import type { AdoptInput, AdoptOutcome } from "../../src/pipelines/adopt-version.ts";
import { exportTrainingRows } from "../../src/pipelines/export-training-rows.ts";
import { onnxModel } from "../../src/testing/onnx-models.ts";
import { CHURN, type CustomersPlatform, customersPlatform } from "./customers-platform.ts";

let opened: CustomersPlatform;
let app: App;
let gateway: Gateway;

beforeAll(async () => {
  opened = await customersPlatform(1500, { churn: CHURN, other: CHURN });
  ({ app } = opened);
  gateway = await opened.gateway();
});
afterAll(() => opened?.stop());

async function adopt(
  model: string,
  file: string,
  more: Partial<NonNullable<AdoptInput["files"]>> = {},
): Promise<AdoptOutcome> {
  const { engine, blobs } = app.platform;
  const onnx = await blobs.put(onnxModel(file));
  const input: AdoptInput = { model, files: { file, onnx, external: {}, wishes: {}, ...more } };
  return engine.wait<AdoptOutcome>(await engine.submit("adopt", input));
}

/** The gateway looks for changed routes twice a second. */
const predict = async (model: string, rows: readonly object[]) => {
  await expect
    .poll(async () => (await fetch(`${gateway.url}/v2/models/${model}/ready`)).status)
    .toBe(200);
  const response = await fetch(`${gateway.url}/models/${model}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ rows }),
  });
  return (await response.json()) as {
    predictions: { probabilities: Record<string, number>; label: string }[];
  };
};

describe("a model of the project", () => {
  test("that is poor is kept, with what its gates say", async () => {
    const outcome = await adopt("churn", "logged_churn_poor.onnx");
    expect(outcome).toMatchObject({ servable: true, judged: true, passed: false, number: 1 });
    expect(outcome.deployment).toBe("kept");
    expect(outcome.decision).toMatch(/beats_baseline/);
    expect(await app.platform.registry.alias("churn", "champion")).toBeUndefined();
  });

  test("that is good passes, answers, and has all that a trained version has", async () => {
    const outcome = await adopt("churn", "logged_churn.onnx");
    expect(outcome).toMatchObject({ judged: true, passed: true, number: 2 });
    expect(outcome.deployment).toBe("promoted");
    const { predictions } = await predict("churn", [
      { tenure: 37.50572967529297, monthly: 91.49502563476562, calls: 1 },
      { tenure: 13.512431144714355, monthly: 68.55915832519531, calls: 5 },
    ]);
    expect(predictions[0]!.probabilities.yes).toBeCloseTo(0.33953985571861267, 5);
    expect(predictions[1]).toMatchObject({ label: "yes" });
    const version = (await app.platform.registry.find("churn", "champion"))!;
    expect(version).toMatchObject({
      ...{ number: 2, trainer: "imported", signature: { classes: ["no", "yes"] } },
      origin: {
        notes: expect.arrayContaining([
          expect.stringMatching(/taken as tenure, monthly, calls, in this order/),
        ]),
      },
    });
    const evaluation = await app.platform.evaluationOf(version);
    expect(evaluation.verdict.couldNotHaveSeen).toMatch(/fitted elsewhere/);
    expect(evaluation.importance.map(({ feature }) => feature)).toHaveLength(3);
    expect(evaluation.importance[0]!.feature).toBe("tenure");
    const json = async (digest: string) =>
      JSON.parse(Buffer.from(await app.platform.blobs.get(digest as never)).toString("utf8"));
    expect(Object.keys((await json(version.reference!)).features)).toEqual([
      "tenure",
      "monthly",
      "calls",
    ]);
    expect((await json(version.background!)).rows.length).toBeGreaterThan(100);
  });

  test("is judged by the same rows and gates when it comes once more", async () => {
    const again = await adopt("churn", "logged_churn.onnx");
    expect(again).toMatchObject({ number: 2, deployment: "kept" });
    expect(again.decision).toMatch(/the version that is champion already/);
  });

  test("has its columns in the order that was logged with it", async () => {
    const columns = ["calls", "monthly", "tenure"];
    const outcome = await adopt("other", "logged_churn.onnx", { columns });
    expect(outcome).toMatchObject({ judged: true, passed: false, deployment: "kept" });
  });

  test("that takes columns the dataset does not have is served, and not judged", async () => {
    const columns = ["age", "monthly", "calls"];
    const outcome = await adopt("other", "logged_churn.onnx", { columns });
    expect(outcome).toMatchObject({ servable: true, judged: false, deployment: "kept" });
    expect(outcome.decision).toMatch(/takes age, which the dataset does not have.*infer_signature/);
    expect(await app.platform.registry.alias("other", "champion")).toBeUndefined();
  });

  test("that answers another question says so", async () => {
    const outcome = await adopt("other", "logreg_iris.onnx");
    expect(outcome.decision).toMatch(/it answers the classes 0, 1, 2.*metadata=/);
  });

  test("that is no model is not servable", async () => {
    const outcome = await adopt("other", "NEG_corrupt_protobuf.onnx");
    expect(outcome).toMatchObject({ servable: false, version: null, deployment: null });
  });
});

test("who trains elsewhere can be given the rows that are not held out", async () => {
  const out = join(opened.folder, "train.csv");
  const step = { signal: { aborted: false }, progress: () => {} };
  const given = { model: "churn", out, step, token: "a" };
  writeFileSync(join(opened.folder, "taken"), "");
  const nowhere = exportTrainingRows(app.platform, {
    ...given,
    out: `${opened.folder}/taken/a.csv`,
  });
  await expect(nowhere).rejects.toThrow();
  const left = readdirSync(join(opened.folder, ".millwright/scratch"), { recursive: true });
  expect(left.filter((name) => String(name).endsWith(".parquet"))).toEqual([]);
  const { rows, heldOut } = await exportTrainingRows(app.platform, given);
  expect([rows, heldOut]).toEqual([1200, 300]);
  const [head, ...lines] = readFileSync(out, "utf8").trimEnd().split("\n");
  expect(head).toBe("customer,tenure,monthly,calls,leaves");
  expect(new Set(lines.map((line) => line.split(",")[0])).size).toBe(1200);
  const version = (await app.platform.registry.find("churn", "champion"))!;
  expect((await app.platform.evaluationOf(version)).testRows).toBe(300);
});

test("a model that the project does not know is imported, and answers where nothing else does", async () => {
  const outcome = await adopt("iris", "logreg_iris.onnx");
  expect(outcome).toMatchObject({ judged: false, deployment: "promoted", number: 1 });
  expect(outcome.decision).toMatch(/not judged: the project has no model iris/);
});
