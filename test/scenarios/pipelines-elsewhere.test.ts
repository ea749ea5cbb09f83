/** A pipeline over HTTP: started, told what it waits for, and a step of it as a Job of Kubernetes, whose pod runs here. */
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { client } from "../../sdk/src/client.ts";
import { pipelines } from "../../sdk/src/contract/pipelines.ts";
import { runs } from "../../sdk/src/contract/runs.ts";
import { type App, openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { type Control, openControl } from "../../src/control.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { type KubernetesApi, kubernetesApi } from "../../src/testing/kubernetes-api.ts";
import { onnxModel } from "../../src/testing/onnx-models.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";

let folder: string;
let app: App;
let control: Control;
let cluster: KubernetesApi;
const before = process.env.KUBECONFIG;

const CONFIG = `
import { defineProject, importModel, kubernetes, pipeline } from "millwright";
export default defineProject({
  datasets: {}, models: {},
  pipelines: {
    away: pipeline("away", async (run) => {
      const said = await run.waitFor("go", "1h");
      const made = await run.step("fit", {
        run: kubernetes({ image: "trainer:1", namespace: "models", entrypoint: "fit.py:fit", resources: { cpu: 1 } }),
        files: ["good.onnx"], params: { said },
      });
      const { number, decision } = await run.step("import", importModel("churn", made.files["model.onnx"]!));
      return { metrics: made.metrics, number, decision };
    }, { schedule: { every: "day", at: "02:00" }, params: { word: "x" } }),
  },
});
`;
const FIT = `
import json
def fit(rows, task):
    print("millwright: progress 0.5 " + task["step"], flush=True)
    assert task["params"] == {"said": {"by": "me"}}, task
    return open("good.onnx", "rb").read(), {"loss": 0.5}
`;

const api = () => client({ ...pipelines, ...runs }, { url: control.url });

/** What the kubelet would do: runs the container's command with its variables, to its end. */
async function runPod(): Promise<void> {
  while (cluster.jobs.size === 0) await pause(20);
  const [[name, job]] = [...cluster.jobs] as [[string, NonNullable<unknown>]];
  const { command, env } = (job as never as Job).spec.template.spec.containers[0]!;
  const variables = Object.fromEntries(env.map(({ name: key, value }) => [key, value]));
  cluster.podIs(name, { phase: "Running" });
  const environment = { ...process.env, ...variables, MILLWRIGHT_ENVIRONMENTS: join(folder, "e") };
  await promisify(execFile)(command[0]!, command.slice(1), { env: environment });
  cluster.podIs(name, { phase: "Succeeded" });
  cluster.jobIs(name, "Complete");
}
type Container = { command: string[]; env: { name: string; value: string }[] };
type Job = { spec: { template: { spec: { containers: Container[] } } } };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millwright-pipelines-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "fit.py"), FIT);
  writeFileSync(join(folder, "good.onnx"), onnxModel("logged_churn.onnx"));
  writeFileSync(join(folder, "millwright.config.ts"), CONFIG);
  cluster = await kubernetesApi(folder);
  process.env.KUBECONFIG = cluster.kubeconfig;
  const port = await freePort();
  const config = readConfig({ MILLWRIGHT_PORT: String(port), MILLWRIGHT_THREADS: "2" }, folder);
  const log = quietLog();
  app = await openApp({ config, log, work: "yes" });
  control = await openControl(app, config, log);
});
afterAll(async () => {
  await control?.close();
  await app?.close();
  await cluster?.stop();
  if (before === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = before;
  rmSync(folder, { recursive: true, force: true });
});

test("is listed with its schedule, started, told, and takes in what its Job made", async () => {
  const [listed] = (await api().pipelines({})).pipelines;
  expect(listed).toMatchObject({ name: "away", every: "0 2 * * *", last: null });
  expect(new Date(listed!.nextAt!).toISOString()).toMatch(/T02:00:00/);
  const { run } = await api().startPipeline({ pipeline: "away", params: { word: "y" } });
  while ((await api().run({ run })).state !== "waiting") await pause(20);
  const waits = await api().signalRun({ run, topic: "go", payload: { by: "me" } });
  expect(waits).toEqual({ waits: true });
  await runPod();
  expect(await app.platform.engine.wait(run)).toMatchObject({
    ...{ metrics: { loss: 0.5 }, number: 1 },
  });
  expect((await api().pipelines({})).pipelines[0]!.last).toMatchObject({ id: run });
  const { runs: children } = await api().runs({ parent: run });
  expect(children.map(({ pipeline }) => pipeline).sort()).toEqual(["adopt", "run-program"]);
});

test("is refused in words", async () => {
  const { startPipeline, signalRun } = api();
  await expect(startPipeline({ pipeline: "none" })).rejects.toThrow(
    /no pipeline "none".*It has away/,
  );
  const params = { wrod: 1 };
  await expect(startPipeline({ pipeline: "away", params })).rejects.toThrow(/params\.wrod/);
  await expect(signalRun({ run: "run_none", topic: "go" })).rejects.toThrow(/no run run_none/);
  const [over] = await app.platform.engine.list({ pipeline: "away" });
  await expect(signalRun({ run: over!.id, topic: "go" })).rejects.toThrow(/is over/);
});
