/** Our own trainings are runs that MLflow's clients see; an identical one is found, not repeated; compared; reproduced. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import type { Control } from "../../src/control.ts";
import type { ReproduceOutcome } from "../../src/pipelines/reproduce.ts";
import type { TrainInput, TrainOutcome } from "../../src/pipelines/train.ts";
import type { Comparison } from "../../src/tracking/runs/comparison.ts";
import { CHURN, type CustomersPlatform, customersPlatform } from "./customers-platform.ts";

let opened: CustomersPlatform;
let app: App;
let control: Control;
let first: TrainOutcome;
let firstRun: string;

beforeAll(async () => {
  opened = await customersPlatform(600, {
    churn: { ...CHURN, train: { trainers: ["baseline", "linear"] } },
    broken: { dataset: "customers", target: "nothing" },
  });
  ({ app } = opened);
  control = await opened.control();
  firstRun = await start({ model: "churn" });
  first = await app.platform.engine.wait<TrainOutcome>(firstRun);
});
afterAll(() => opened?.stop());

const start = (input: Partial<TrainInput>) =>
  app.platform.engine.submit("train", { reason: "a test", ...input });

interface Pair {
  readonly key: string;
  readonly value: string;
}
interface WireRun {
  readonly info: { run_id: string; status: string; end_time?: number; experiment_id: string };
  readonly data: { metrics: { key: string; value: number }[]; params: Pair[]; tags: Pair[] };
  readonly inputs: {
    dataset_inputs: { dataset: { name: string; digest: string }; tags: Pair[] }[];
  };
}
async function mlflow<T>(path: string): Promise<T> {
  const response = await fetch(`${control.url}/api/2.0/mlflow/${path}`);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}
const runOf = async (id: string) => (await mlflow<{ run: WireRun }>(`runs/get?run_id=${id}`)).run;
const byKey = (all: readonly Pair[]) => Object.fromEntries(all.map((p) => [p.key, p.value]));

test("a training is a run with its params, tags, data and the metrics of its report", async () => {
  const { info, data, inputs } = await runOf(firstRun);
  const { experiment } = await mlflow<{ experiment: { experiment_id: string } }>(
    "experiments/get-by-name?experiment_name=churn",
  );
  expect(info).toMatchObject({
    ...{ status: "FINISHED", end_time: expect.any(Number) },
    experiment_id: experiment.experiment_id,
  });
  const version = (await app.platform.registry.get(first.version))!;
  expect(version.runId).toBe(firstRun);
  expect(byKey(data.params)).toMatchObject({
    ...{ metric: "auc", seed: "20020801", budget_ms: "60000", candidate: first.winner },
    ...{ features: "tenure,monthly,calls", code: version.code, trainer: version.trainer },
  });
  expect(byKey(data.tags)).toMatchObject({
    ...{ "mlflow.runName": "train: a test", "mlflow.source.name": "millwright train" },
    ...{ "millwright.version": "1", "millwright.deployment": "promoted" },
  });
  const { report } = await app.platform.evaluationOf(version);
  const metrics = Object.fromEntries(data.metrics.map(({ key, value }) => [key, value]));
  for (const { name, value } of report.metrics) expect(metrics[name]).toBe(value);
  expect(inputs.dataset_inputs).toMatchObject([
    {
      dataset: { name: "customers", digest: first.dataset.slice(7, 39) },
      tags: [{ key: "mlflow.data.context", value: "train" }],
    },
  ]);
});

test("its candidates are runs below it, with a value of the metric for each fold", async () => {
  const { data, info } = await runOf(`${firstRun}-${first.winner}`);
  expect(info.status).toBe("FINISHED");
  expect(byKey(data.tags)).toMatchObject({
    ...{ "mlflow.parentRunId": firstRun, "millwright.winner": "true" },
  });
  const { metrics } = await mlflow<{ metrics: { step: number }[] }>(
    `metrics/get-history?run_id=${firstRun}-${first.winner}&metric_key=auc`,
  );
  // 480 rows: five folds, dealt three times.
  expect(metrics.map(({ step }) => step)).toEqual([...Array(15).keys()]);
});

test("every trial of a search is a run below it, and the journal has its rounds", async () => {
  const run = await start({ model: "churn", budget: { trials: 20 } });
  const outcome = await app.platform.engine.wait<TrainOutcome>(run);
  const steps = (await app.platform.engine.steps(run)).map(({ name }) => name);
  expect(steps).toEqual(expect.arrayContaining(["search: round 1", "track: round 3"]));
  const response = await fetch(`${control.url}/api/2.0/mlflow/runs/search`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      experiment_ids: [(await runOf(run)).info.experiment_id],
      filter: `tags."mlflow.parentRunId" = '${run}'`,
      max_results: 100,
    }),
  });
  const { runs } = (await response.json()) as { runs: WireRun[] };
  const trials = runs.filter(({ data }) => byKey(data.params).trainer !== "baseline");
  expect(trials).toHaveLength(20);
  expect(new Set(trials.map(({ data }) => byKey(data.params)["trainer.C"])).size).toBe(20);
  for (const { info, data } of trials) {
    expect(info.status).toBe("FINISHED");
    expect(data.metrics.map(({ key }) => key).sort()).toEqual(["auc", "fit_seconds"]);
  }
  const winners = runs.filter(({ data }) => byKey(data.tags)["millwright.winner"] === "true");
  expect(winners.map(({ data }) => byKey(data.params).candidate)).toEqual([outcome.winner]);
});

test("the same once more is found, not repeated, unless somebody insists", async () => {
  const second = await start({ model: "churn" });
  const outcome = await app.platform.engine.wait<TrainOutcome>(second);
  expect(outcome).toMatchObject({ version: first.version, number: 1, reused: firstRun });
  expect(outcome.decision).toMatch(/nothing has changed since run/);
  const steps = (await app.platform.engine.steps(second)).map(({ name }) => name);
  expect(steps).not.toContain("fit");
  expect(byKey((await runOf(second)).data.tags)["millwright.reused"]).toBe(firstRun);
  const third = await start({ model: "churn", again: true });
  expect(await app.platform.engine.wait<TrainOutcome>(third)).not.toHaveProperty("reused");
  const other = await start({ model: "churn", budget: "59s" });
  expect(await app.platform.engine.wait<TrainOutcome>(other)).not.toHaveProperty("reused");
});

test("runs are compared: only what differs, unless all is wanted", async () => {
  const compare = async (query: string) => {
    const response = await fetch(`${control.url}/api/compare?${query}`);
    return { status: response.status, body: (await response.json()) as Comparison };
  };
  const ids = `${firstRun}-linear-1,${firstRun}-linear-2`;
  const { body } = await compare(`runs=${ids}`);
  expect(body.params.map(({ key }) => key)).toContain("candidate");
  expect(body.params.map(({ key }) => key)).not.toContain("trainer");
  expect(body.metrics.map(({ key }) => key)).toContain("auc");
  const all = await compare(`runs=${ids}&all=true`);
  expect(all.body.params.map(({ key }) => key)).toContain("trainer");
  expect((await compare("runs=run_nowhere,run_other")).status).toBe(404);
  expect((await compare(`runs=${firstRun}`)).status).toBe(400);
});

test("a version is made again from its record: the very same file", async () => {
  const { engine } = app.platform;
  const version = first.version;
  const run = await engine.submit("reproduce", { model: "churn", version });
  const outcome = await engine.wait<ReproduceOutcome>(run);
  expect(outcome).toMatchObject({ outcome: "same bytes", number: 1, changed: [] });
});

test("a run that failed, or was cancelled, says so", async () => {
  const failing = await start({ model: "broken" });
  await expect(app.platform.engine.wait(failing)).rejects.toThrow(/nothing/);
  const cancelled = await start({ model: "churn", again: true });
  await expect
    .poll(async () => (await app.platform.engine.steps(cancelled)).length)
    .toBeGreaterThan(1);
  await app.platform.engine.cancel(cancelled);
  await expect.poll(async () => (await runOf(failing)).info.status).toBe("FAILED");
  await expect.poll(async () => (await runOf(cancelled)).info.status).toBe("KILLED");
  expect((await runOf(cancelled)).info.end_time).toBeGreaterThan(0);
});
