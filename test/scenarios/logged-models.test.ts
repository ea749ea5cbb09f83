/**
 * From a client of MLflow to a prediction: a model is logged and registered over MLflow's protocol, adopted, judged by the gates
 * of the project, promoted, served; the client sees what became of it. The bytes of the requests are what the Python client sends.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import type { Control } from "../../src/control.ts";
import type { Gateway } from "../../src/gateway.ts";
import { onnxModel } from "../../src/testing/onnx-models.ts";
import { CHURN, type CustomersPlatform, customersPlatform } from "./customers-platform.ts";

let opened: CustomersPlatform;
let app: App;
let control: Control;
let gateway: Gateway;

beforeAll(async () => {
  opened = await customersPlatform(1500, { churn: CHURN });
  ({ app } = opened);
  control = await opened.control();
  gateway = await opened.gateway();
});
afterAll(() => opened?.stop());

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: many shapes, each looked at by the test
  readonly body: any;
}

async function mlflow(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${control.url}/api/2.0/mlflow/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

const COLUMNS = ["tenure", "monthly", "calls"];
const mlmodel = (data: string, columns: readonly string[] = COLUMNS) => `flavors:
  onnx:
    data: ${data}
    onnx_version: 1.23.2
  python_function:
    data: ${data}
    loader_module: mlflow.onnx
mlflow_version: 3.11.1
signature:
  inputs: '${JSON.stringify(columns.map((name) => ({ type: "float", name, required: true })))}'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "object", "shape": [-1]}}]'
  params: null
`;

/** What `mlflow.onnx.log_model(…, registered_model_name=model)` comes to; the version's number. */
async function logAndRegister(
  model: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<{ readonly version: string; readonly run: string }> {
  const { body } = await mlflow("POST", "runs/create", { experiment_id: "0", start_time: 1 });
  const { run_id: run, artifact_uri } = body.run.info;
  for (const [name, content] of Object.entries(files)) {
    const path = artifact_uri.replace(/^mlflow-artifacts:\//, "");
    const response = await fetch(
      `${control.url}/api/2.0/mlflow-artifacts/artifacts/${path}/model/${name}`,
      { method: "PUT", body: Buffer.from(content) },
    );
    expect(response.status).toBe(200);
  }
  await mlflow("POST", "registered-models/create", { name: model });
  const source = `${artifact_uri}/model`;
  const made = await mlflow("POST", "model-versions/create", { name: model, source, run_id: run });
  expect(made.status).toBe(200);
  return { version: made.body.model_version.version, run };
}

async function tagsOf(model: string, version: string): Promise<Record<string, string>> {
  const { body } = await mlflow("GET", `model-versions/get?name=${model}&version=${version}`);
  const tags: { key: string; value: string }[] = body.model_version.tags ?? [];
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

const adopted = async (model: string, version: string) => {
  await expect
    .poll(async () => Object.keys(await tagsOf(model, version)), { interval: 200 })
    .toContain("millwright.status");
  return tagsOf(model, version);
};

const setChampion = (model: string, version: string) =>
  mlflow("POST", "registered-models/alias", { name: model, alias: "champion", version });

async function predict(model: string): Promise<Answer> {
  const ask = () =>
    fetch(`${gateway.url}/models/${model}/invocations`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        dataframe_split: { columns: COLUMNS, data: [[13.512431144714355, 68.55915832519531, 5]] },
      }),
    });
  await expect.poll(async () => (await ask()).status).toBe(200);
  const response = await ask();
  return { status: response.status, body: await response.json() };
}

describe("a model that a client registers under a name of the project", () => {
  let poor: string;

  test("is judged; one that is poor is kept, and its tags say why", async () => {
    const files = {
      MLmodel: mlmodel("model.onnx"),
      "model.onnx": onnxModel("logged_churn_poor.onnx"),
    };
    poor = (await logAndRegister("churn", files)).version;
    const tags = await adopted("churn", poor);
    expect(tags["millwright.status"]).toBe("servable");
    expect(tags["millwright.reason"]).toMatch(
      /^kept, not deployed: version 1 fails beats_baseline/,
    );
  });

  test("cannot be made champion by its alias; the answer says how to force it", async () => {
    const { status, body } = await setChampion("churn", poor);
    expect(status).toBe(400);
    expect(body.error_code).toBe("INVALID_STATE");
    expect(body.message).toMatch(/did not pass its gates.*millwright promote churn 1 --force/);
  });

  test("that passes is champion, has the client's number and run, and answers", async () => {
    const files = { MLmodel: mlmodel("model.onnx"), "model.onnx": onnxModel("logged_churn.onnx") };
    const { version, run } = await logAndRegister("churn", files);
    expect(version).toBe("2");
    // As scripts do it: at once, while it is being judged.
    expect((await setChampion("churn", version)).status).toBe(200);
    const tags = await adopted("churn", version);
    expect(tags["millwright.status"]).toBe("servable");
    const own = (await app.platform.registry.find("churn", "champion"))!;
    expect(own).toMatchObject({ number: 2, origin: { run }, report: expect.any(String) });
    const { body } = await predict("churn");
    expect(body).toMatchObject({ predictions: ["yes"], version: 2 });
    const alias = await mlflow("GET", "registered-models/alias?name=churn&alias=champion");
    expect(alias.body.model_version).toMatchObject({ version: "2", run_id: run });
  });

  test("that cannot be judged is kept, and its alias is refused with the way to the reason", async () => {
    const files = {
      MLmodel: mlmodel("model.onnx", ["age", "monthly", "calls"]),
      "model.onnx": onnxModel("logged_churn.onnx"),
    };
    const { version } = await logAndRegister("churn", files);
    const tags = await adopted("churn", version);
    expect(tags["millwright.reason"]).toMatch(/not judged.*takes age, which the dataset does not/);
    const { body } = await setChampion("churn", version);
    expect(body).toMatchObject({ error_code: "INVALID_STATE" });
    expect(body.message).toMatch(/millwright\.reason/);
  });

  test("that is trained here next gets the next number", async () => {
    const { engine } = app.platform;
    const run = await engine.submit("train", { model: "churn", reason: "a test", budget: "2s" });
    expect(await engine.wait(run)).toMatchObject({ number: 4 });
    const { body } = await mlflow("GET", "model-versions/get?name=churn&version=4");
    expect(body.model_version.run_id).toBe(run);
    const { status } = await mlflow("GET", `runs/get?run_id=${run}`);
    expect(status).toBe(200);
  });
});

test("a model of another name is imported and answers, not judged", async () => {
  const files = { MLmodel: mlmodel("sub/m.onnx"), "sub/m.onnx": onnxModel("logged_churn.onnx") };
  const { version } = await logAndRegister("elsewhere", files);
  const tags = await adopted("elsewhere", version);
  expect(tags["millwright.reason"]).toMatch(/champion, imported and not judged/);
  expect((await predict("elsewhere")).body.predictions).toEqual(["yes"]);
  const again = await logAndRegister("elsewhere", files);
  expect((await adopted("elsewhere", again.version))["millwright.reason"]).toMatch(/^kept/);
  expect((await setChampion("elsewhere", again.version)).status).toBe(200);
  const champion = await app.platform.registry.find("elsewhere", "champion");
  expect(champion?.number).toBe(2);
});

describe("what cannot be served", () => {
  const refused = async (files: Readonly<Record<string, string | Uint8Array>>) => {
    const { version } = await logAndRegister("pickled", files);
    const tags = await adopted("pickled", version);
    expect(tags["millwright.status"]).toBe("not servable");
    expect(await app.platform.registry.find("pickled", version)).toBeUndefined();
    return tags["millwright.reason"];
  };

  test("a pickle is kept, never loaded; the reason says how to log ONNX", async () => {
    const sklearn = "flavors:\n  sklearn:\n    pickled_model: model.pkl\n";
    const reason = await refused({ MLmodel: sklearn, "model.pkl": "cos\nsystem\n(S'true'\ntR." });
    expect(reason).toMatch(/flavor sklearn.*never loaded here.*skl2onnx/s);
  });

  test("nor a damaged file, a file that is missing, a path that leads out, no model at all", async () => {
    const damaged = onnxModel("NEG_corrupt_protobuf.onnx");
    expect(await refused({ MLmodel: mlmodel("m.onnx"), "m.onnx": damaged })).toMatch(/model/);
    expect(await refused({ MLmodel: mlmodel("m.onnx") })).toMatch(/needs the file m\.onnx/);
    expect(await refused({ MLmodel: mlmodel("../../../../etc/passwd") })).toMatch(/must lie below/);
    expect(await refused({ "notes.txt": "nothing" })).toMatch(/no file MLmodel/);
    expect(await refused({ MLmodel: "flavors: [" })).toMatch(/MLmodel cannot be used/);
  });

  test("its alias is only a name", async () => {
    expect((await setChampion("pickled", "1")).status).toBe(200);
    const { body } = await mlflow("GET", "registered-models/alias?name=pickled&alias=champion");
    expect(body.model_version.version).toBe("1");
    expect(await app.platform.registry.alias("pickled", "champion")).toBeUndefined();
  });
});
