import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client, type RequestError } from "../../sdk/src/client.ts";
import { serving } from "../../sdk/src/contract/serving.ts";
import { journalRoot } from "../../src/gateway/prediction-log.ts";
import { type Gateway, openGateway } from "../../src/gateway.ts";
import { digestOf } from "../../src/lib/digest.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import type { LogRecord } from "../../src/serving/prediction.ts";
import type { Route, RoutedVersion } from "../../src/serving/route.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { type JournalFile, openJournalFile } from "../../src/storage/journal/journal-file.ts";
import { listSegments, readSegment } from "../../src/storage/journal/segments.ts";
import { checkExposition } from "../../src/testing/exposition.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { lineModel, type Mail, mailModel, mailProbability, threeModel } from "./tiny-models.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-gateway-"));
const blobs = fileBlobs(join(folder, "blobs"));
let gateway: Gateway;
let url = "";

async function version(number: number, onnx: Uint8Array): Promise<RoutedVersion> {
  return { id: digestOf(`version ${number}`), number, onnx: await blobs.put(onnx) };
}

const CAREFUL = { kind: "precision", target: 0.9, thresholds: [0.7, 0.8] } as const;
const SETS = { kind: "conformal", coverage: 0.9, quantile: 0.75 } as const;

/** A gateway without a database: it serves what its snapshot says. */
beforeAll(async () => {
  const route = async (
    model: string,
    champion: RoutedVersion,
    rest: Partial<Route> = {},
  ): Promise<Route> => ({ model, champion, shadow: undefined, fields: {}, revision: 1, ...rest });
  const routes = [
    await route("mail", await version(1, mailModel(0)), {
      shadow: await version(2, mailModel(1)),
      fields: { key: "message_id", time: "received_at", pass: ["folder"] },
    }),
    await route("line", await version(3, lineModel())),
    await route("shady", await version(3, lineModel()), {
      shadow: await version(5, Buffer.from("no model at all")),
    }),
    await route("three", await version(4, threeModel())),
    await route(
      "careful",
      { ...(await version(6, mailModel(0))), abstain: CAREFUL },
      { shadow: await version(2, mailModel(1)) },
    ),
    await route("sets", { ...(await version(7, threeModel())), abstain: SETS }),
    await route("within", { ...(await version(8, lineModel())), abstain: SETS }),
  ];
  writeFileSync(join(folder, "routes.json"), JSON.stringify({ change: 7, routes }));
  gateway = await openGateway(
    { runtime: await onnxRuntime(), blobs, sql: undefined, log: quietLog(), version: "1.2.3" },
    { port: 0, dataDir: folder },
  );
  url = gateway.url;
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const api = () => client(serving, { url });
const post = (path: string, body: unknown, type = "application/json") =>
  fetch(url + path, {
    method: "POST",
    headers: { "content-type": type },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const answer = async (path: string, body: unknown) =>
  (await (await post(path, body)).json()) as Record<string, never>;

async function logged(): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (const segment of await listSegments(journalRoot(folder), Date.now()))
    for (const line of (await readSegment(segment)) ?? []) records.push(JSON.parse(line));
  return records;
}

const MAILS: readonly Mail[] = [
  { amount: 120, domain: "evil.example", subject: "Invoice INVOICE now" },
  { amount: -30, domain: "good.example", subject: "hello there" },
  { amount: null, subject: "" },
];

describe("the row API", () => {
  test("answers rows as the model computes them, and says who answered", async () => {
    const rows = MAILS.map((mail, i) => ({ ...mail, message_id: `m${i}`, folder: "in" }));
    const { model, predictions } = await api().predict({ model: "mail", rows });
    expect(model).toBe("mail");
    expect(predictions).toHaveLength(3);
    predictions.forEach((prediction, i) => {
      const p = mailProbability(0, MAILS[i]!);
      expect(prediction.probability).toBeCloseTo(p, 5);
      expect(prediction.probabilities!.no).toBeCloseTo(1 - p, 5);
      expect(prediction).toMatchObject({
        id: expect.stringMatching(/^pred_[0-9a-z]{22}$/),
        label: p >= 0.5 ? "yes" : "no",
        version: 1,
        variant: "champion",
      });
    });
    expect(new Set(predictions.map((p) => p.id)).size).toBe(3);
  });

  test("regression answers a value, many classes a probability each", async () => {
    const line = await api().predict({ model: "line", rows: [{ x: 2 }] });
    expect(line.predictions[0]).toMatchObject({ label: 7, value: 7 });
    const three = await api().predict({ model: "three", rows: [{ x: 1 }, { x: -1 }] });
    expect(three.predictions.map((p) => p.label)).toEqual(["c", "a"]);
    const { a, b, c } = three.predictions[0]!.probabilities as Record<string, number>;
    expect(a! + b! + c!).toBeCloseTo(1, 5);
    expect(c! / b!).toBeCloseTo(Math.E, 4);
  });

  test("a named version answers when it is served, and is logged as requested", async () => {
    const { predictions } = await api().predict({ model: "mail", version: 2, rows: [MAILS[2]!] });
    expect(predictions[0]).toMatchObject({ version: 2, variant: "requested" });
    expect(predictions[0]!.probability).toBeCloseTo(mailProbability(1, MAILS[2]!), 5);
  });

  test("many callers at once get their own rows, large calls and small ones mixed", async () => {
    const call = async (n: number, start: number) => {
      const rows = Array.from({ length: n }, (_, i) => ({ x: start + i }));
      const { predictions } = await api().predict({ model: "line", rows });
      return predictions.map((p) => p.value);
    };
    const sizes = [1, 2500, 1, 3, 1, 700, 1];
    const answers = await Promise.all(sizes.map((n, k) => call(n, k * 10_000)));
    answers.forEach((values, k) => {
      expect(values).toEqual(sizes[k] === 0 ? [] : values.map((_, i) => 3 * (k * 10_000 + i) + 1));
      expect(values).toHaveLength(sizes[k]!);
    });
  });
});

describe("a version with a rule to abstain", () => {
  const rows = [100, 150, -50, -100].map((amount) => ({ amount }));

  test("says nothing where it is uncertain; the log keeps what it leaned to, the shadow its own", async () => {
    const { predictions } = await api().predict({ model: "careful", rows });
    const sure = rows.map(({ amount }) => {
      const p = mailProbability(0, { amount });
      return p >= 0.5 ? p >= 0.8 : 1 - p >= 0.7;
    });
    expect(sure).toEqual([false, true, false, true]);
    expect(predictions.map((p) => p.label)).toEqual([null, "yes", null, "no"]);
    expect(predictions.map((p) => p.abstained)).toEqual(sure.map((is) => !is));
    expect(predictions[0]!.probability).toBeCloseTo(mailProbability(0, { amount: 100 }), 5);
    const of = (variant: string, records: readonly LogRecord[]) =>
      predictions.map(({ id }) => {
        const found = records.find(
          (r) => r.id === id && r.kind === "prediction" && r.variant === variant,
        );
        return found?.kind === "prediction" ? [found.label, found.abstained ?? false] : undefined;
      });
    expect(of("champion", await logged())).toEqual([
      ["yes", true],
      ["yes", false],
      ["no", true],
      ["no", false],
    ]);
    await expect.poll(async () => of("shadow", await logged())[3]).toEqual(["yes", false]);
    expect(of("shadow", await logged())[0]).toEqual(["yes", false]);
  });

  test("in every protocol, and never as an error", async () => {
    const mlflow = await answer("/models/careful/invocations", { dataframe_records: rows });
    expect(mlflow.predictions).toEqual([null, "yes", null, "no"]);
    const data = rows.map(({ amount }) => amount);
    const { outputs } = (await answer("/v2/models/careful/infer", {
      inputs: [{ name: "amount", datatype: "FP32", shape: [4], data }],
    })) as unknown as { outputs: { name: string; data: unknown[] }[] };
    const output = (name: string) => outputs.find((o) => o.name === name)?.data;
    expect(output("label")).toEqual(["", "yes", "", "no"]);
    expect(output("abstained")).toEqual([true, false, true, false]);
    const { outputs: said } = (await (await fetch(`${url}/v2/models/careful`)).json()) as {
      outputs: unknown;
    };
    expect(said).toContainEqual({ name: "abstained", datatype: "BOOL", shape: [-1, 1] });
  });

  test("conformal: the classes that may be true, or an interval", async () => {
    const { predictions } = await api().predict({ model: "sets", rows: [{ x: 0 }, { x: 2 }] });
    expect(predictions[0]).toMatchObject({ label: null, abstained: true, set: ["a", "b", "c"] });
    expect(predictions[1]).toMatchObject({ label: "c", abstained: false, set: ["c"] });
    const within = await api().predict({ model: "within", rows: [{ x: 2 }] });
    expect(within.predictions[0]).toMatchObject({
      label: 7,
      abstained: false,
      interval: [6.25, 7.75],
    });
    const { outputs } = (await answer("/v2/models/sets/infer", {
      inputs: [{ name: "x", datatype: "FP32", shape: [2], data: [0, 2] }],
    })) as unknown as { outputs: unknown[] };
    expect(outputs).toContainEqual({
      ...{ name: "set", datatype: "BOOL", shape: [2, 3] },
      data: [true, true, true, false, false, true],
    });
  });
});

describe("the prediction log", () => {
  test("holds every answered row with what came in, before the answer leaves; the shadow beside it", async () => {
    const mail = {
      amount: 3,
      domain: "x",
      received_at: "2002-08-01T10:00:00+02:00",
      subject: "logged",
      message_id: 17,
      folder: "inbox",
    };
    const before = Date.now();
    const { predictions } = await api().predict({ model: "mail", rows: [mail] });
    const { id, probability } = predictions[0]!;
    const records = (await logged()).filter((record) => record.id === id);
    expect(records[0]).toMatchObject({
      kind: "prediction",
      model: "mail",
      version: digestOf("version 1"),
      variant: "champion",
      eventTime: Date.UTC(2002, 7, 1, 8),
      key: "17",
      inputs: mail,
      output: [probability],
      label: "yes",
    });
    expect((records[0] as { at: number }).at).toBeGreaterThanOrEqual(before);
    let shadow: LogRecord | undefined;
    while (shadow === undefined)
      shadow = (await logged()).find(
        (r) => r.id === id && r !== records[0] && "variant" in r && r.variant === "shadow",
      );
    expect(shadow).toMatchObject({
      version: digestOf("version 2"),
      eventTime: Date.UTC(2002, 7, 1, 8),
      inputs: {},
      output: [expect.closeTo(mailProbability(1, mail), 5)],
    });
  });

  test("a shadow that fails changes nothing for the caller, and is counted", async () => {
    const { predictions } = await api().predict({ model: "shady", rows: [{ x: 1 }, { x: 2 }] });
    expect(predictions.map((p) => p.value)).toEqual([4, 7]);
    const failures = async () =>
      /millwright_shadow_failures_total (\d+)/.exec(await (await fetch(`${url}/metrics`)).text());
    while ((await failures())?.[1] !== "2") await new Promise((resolve) => setImmediate(resolve));
  });

  test("a full disk: 507, nothing is answered; with space again it goes on", async () => {
    let full = true;
    const other = await openGateway(
      { runtime: await onnxRuntime(), blobs, sql: undefined, log: quietLog(), version: "1" },
      {
        port: 0,
        dataDir: folder,
        journal: {
          retryFullMs: 0,
          async openFile(path) {
            const file = await openJournalFile(path);
            const append: JournalFile["append"] = async (bytes, position) => {
              if (full) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
              return file.append(bytes, position);
            };
            return { ...file, append };
          },
        },
      },
    );
    const line = () =>
      client(serving, { url: other.url }).predict({ model: "line", rows: [{ x: 1 }] });
    await expect(line()).rejects.toMatchObject({ code: "storage_full", problem: { status: 507 } });
    full = false;
    expect((await line()).predictions[0]!.value).toBe(4);
    await other.close();
  });

  test("keeps feedback in the model's words", async () => {
    const { predictions } = await api().predict({ model: "mail", rows: [MAILS[0]!] });
    const { id } = predictions[0]!;
    expect(
      await api().giveFeedback({
        model: "mail",
        feedback: [
          { id, label: "yes" },
          { id, label: "no", at: "2030-01-01T00:00:00Z" },
        ],
      }),
    ).toEqual({ kept: 2 });
    const kept = (await logged()).filter((r) => r.kind === "feedback" && r.id === id);
    expect(kept).toMatchObject([{ label: "yes" }, { label: "no", at: Date.UTC(2030, 0, 1) }]);
    await api().giveFeedback({ model: "line", feedback: [{ id, label: "2.5" }] });
    const ofLine = (await logged()).filter((r) => r.kind === "feedback" && r.model === "line");
    expect(ofLine).toMatchObject([{ id, label: 2.5 }]);
  });
});

describe("the Open Inference Protocol", () => {
  test("health, metadata and readiness", async () => {
    const get = async (path: string) => (await fetch(url + path)).json();
    expect(await get("/v2/health/live")).toEqual({ live: true });
    expect(await get("/v2/health/ready")).toEqual({ ready: true });
    expect(await get("/v2")).toMatchObject({ name: "millwright", version: "1.2.3" });
    expect(await get("/v2/models/mail")).toMatchObject({
      name: "mail",
      versions: ["1", "2"],
      inputs: [
        { name: "amount", datatype: "FP32", shape: [-1, 1] },
        { name: "domain", datatype: "BYTES", shape: [-1, 1] },
        { name: "received_at", datatype: "FP64", shape: [-1, 1] },
        { name: "subject", datatype: "BYTES", shape: [-1, 1] },
      ],
    });
    expect(await get("/v2/models/mail/versions/2/ready")).toEqual({ name: "mail", ready: true });
  });

  test("tensors in, tensors out", async () => {
    const inputs = [
      { name: "amount", datatype: "FP32", shape: [3, 1], data: [[120], [-30], [null]] },
      { name: "domain", datatype: "BYTES", shape: [3], data: ["evil.example", "x", null] },
      {
        name: "subject",
        datatype: "BYTES",
        shape: [3, 1],
        data: ["Invoice INVOICE now", "hello there", ""],
      },
    ];
    const body = await answer("/v2/models/mail/infer", { id: "42", inputs });
    expect(body).toMatchObject({ model_name: "mail", model_version: "1", id: "42" });
    const outputs = body.outputs as unknown as { name: string; shape: number[]; data: unknown[] }[];
    expect(outputs.map((o) => [o.name, o.shape])).toEqual([
      ["label", [3, 1]],
      ["probability", [3, 2]],
      ["prediction_id", [3, 1]],
    ]);
    expect(outputs[1]!.data[1]).toBeCloseTo(mailProbability(0, MAILS[0]!), 5);
    const some = await answer("/v2/models/line/versions/3/infer", {
      inputs: [{ name: "x", datatype: "INT64", shape: [2], data: [1, 2] }],
      outputs: [{ name: "value" }],
    });
    expect(some.outputs).toEqual([
      { name: "value", datatype: "FP32", shape: [2, 1], data: [4, 7] },
    ]);
  });
});

describe("MLflow's scoring protocol", () => {
  const rows = [{ x: 1 }, { x: 2 }];
  test.each([
    ["dataframe_records", { dataframe_records: rows }],
    ["dataframe_split", { dataframe_split: { columns: ["x"], index: [0, 1], data: [[1], [2]] } }],
    ["instances by name", { instances: rows }],
    ["instances by position", { instances: [[1], [2]] }],
    ["inputs by column", { inputs: { x: [1, 2] } }],
    ["inputs by position", { inputs: [1, 2] }],
  ])("%s", async (_, body) => {
    expect((await answer("/invocations?model=line", body)).predictions).toEqual([4, 7]);
    expect((await answer("/models/line/invocations", body)).predictions).toEqual([4, 7]);
  });

  test("CSV", async () => {
    const csv = 'subject,amount,domain\r\n"Invoice, INVOICE now",120,evil.example\n,,\n';
    const answered = await post("/models/mail/invocations", csv, "text/csv");
    const { outputs } = (await answered.json()) as { outputs: number[][] };
    expect(outputs[0]![0]).toBeCloseTo(mailProbability(0, MAILS[0]!), 5);
    expect(outputs[1]![0]).toBeCloseTo(0.5, 5);
    for (const [broken, named] of [
      ["amount\n1,2\n", "line 2"],
      ["amount\n", "at least one row"],
      ["amount\nmuch\n", "row 0, amount"],
    ]) {
      const refused = await post("/models/mail/invocations", broken, "text/csv");
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({ detail: expect.stringContaining(named!) });
    }
  });

  test("labels for classes; the server's own pages", async () => {
    const body = await answer("/models/mail/invocations", { dataframe_records: MAILS });
    expect(body.predictions).toEqual(["yes", "no", "yes"]);
    expect((await fetch(`${url}/ping`)).status).toBe(200);
    expect(await (await fetch(`${url}/version`)).text()).toBe("1.2.3");
    const several = await post("/invocations", { dataframe_records: rows });
    expect(await several.json()).toMatchObject({ detail: expect.stringContaining("?model=") });
  });
});

const infer = (tensor: object) => ({
  inputs: [{ name: "x", datatype: "FP32", shape: [1], data: [1], ...tensor }],
});

describe("hostile and broken requests", () => {
  test.each<[string, string, unknown, number, string]>([
    ["unknown model", "/models/nope/predict", { rows: [{ x: 1 }] }, 404, "nope"],
    [
      "unknown model, named like a trick",
      "/models/..%2F..%2Fetc/predict",
      { rows: [{}] },
      404,
      "etc",
    ],
    ["unknown version", "/v2/models/line/versions/99/infer", infer({}), 404, "99"],
    ["no rows", "/models/line/predict", {}, 400, "rows"],
    ["empty rows", "/models/line/predict", { rows: [] }, 400, "rows"],
    ["rows that are none", "/models/line/predict", { rows: "x" }, 400, "rows"],
    ["a row that is null", "/models/line/predict", { rows: [null] }, 400, "row 0"],
    ["a row that is a list", "/models/line/predict", { rows: [{ x: 1 }, [1]] }, 400, "row 1"],
    ["a row without any column", "/models/line/predict", { rows: [{}] }, 400, "x"],
    ["unknown field", "/models/line/predict", { rows: [{ x: 1, xx: 2 }] }, 400, "xx"],
    ["the target as input", "/models/line/predict", { rows: [{ x: 1, y: 2 }] }, 400, "predicts"],
    [
      "unknown field of the body",
      "/models/line/predict",
      { rows: [{ x: 1 }], verison: 2 },
      400,
      "verison",
    ],
    [
      "text for a number",
      "/models/line/predict",
      { rows: [{ x: 1 }, { x: "one" }] },
      400,
      "row 1, x",
    ],
    ["a boolean list", "/models/line/predict", { rows: [{ x: [true] }] }, 400, "row 0, x"],
    [
      "an object for a number",
      "/models/line/predict",
      { rows: [{ x: { a: 1 } }] },
      400,
      "row 0, x",
    ],
    ["infinity", "/models/line/predict", '{"rows":[{"x":1e999}]}', 400, "row 0, x"],
    ["overflow", "/models/line/predict", { rows: [{ x: 3e38 }] }, 400, "not a finite number"],
    ["NaN", "/models/line/predict", '{"rows":[{"x":NaN}]}', 400, "JSON"],
    [
      "a time that is none",
      "/models/mail/predict",
      { rows: [{ amount: 1, received_at: "soon" }] },
      400,
      "received_at",
    ],
    [
      "a time in milliseconds",
      "/models/mail/predict",
      { rows: [{ amount: 1, received_at: 1e15 }] },
      400,
      "received_at",
    ],
    ["truncated JSON", "/models/line/predict", '{"rows":[{"x":1', 400, "JSON"],
    [
      "deep JSON",
      "/models/line/predict",
      `{"rows":[{"x":${"[".repeat(50_000)}${"]".repeat(50_000)}}]}`,
      400,
      "row 0, x",
    ],
    [
      "prototype tricks",
      "/models/line/predict",
      '{"rows":[{"x":1,"__proto__":{"y":1}}]}',
      400,
      "JSON",
    ],
    [
      "constructor tricks",
      "/models/line/predict",
      '{"rows":[{"constructor":{"prototype":{}}}]}',
      400,
      "JSON",
    ],
    ["no tensors", "/v2/models/line/infer", {}, 400, "inputs"],
    ["a tensor without name", "/v2/models/line/infer", infer({ name: undefined }), 400, "name"],
    ["an unknown tensor", "/v2/models/line/infer", infer({ name: "z" }), 400, "z"],
    ["an unknown datatype", "/v2/models/line/infer", infer({ datatype: "FP128" }), 400, "datatype"],
    ["a wrong shape", "/v2/models/line/infer", infer({ shape: [2, 2] }), 400, "shape"],
    ["a negative shape", "/v2/models/line/infer", infer({ shape: [-1] }), 400, "shape"],
    ["a huge shape", "/v2/models/line/infer", infer({ shape: [1e12] }), 400, "data"],
    ["data of another type", "/v2/models/line/infer", infer({ data: ["1"] }), 400, "data[0]"],
    [
      "tensor twice",
      "/v2/models/line/infer",
      { inputs: [...infer({}).inputs, ...infer({}).inputs] },
      400,
      "twice",
    ],
    [
      "an unknown output",
      "/v2/models/line/infer",
      { ...infer({}), outputs: [{ name: "q" }] },
      400,
      "q",
    ],
    ["no MLflow form", "/models/line/invocations", {}, 400, "dataframe_split"],
    [
      "two MLflow forms",
      "/models/line/invocations",
      { instances: [], inputs: [] },
      400,
      "exactly one",
    ],
    [
      "ragged split",
      "/models/line/invocations",
      { dataframe_split: { columns: ["x"], data: [[1, 2]] } },
      400,
      "data[0]",
    ],
    [
      "ragged inputs",
      "/models/mail/invocations",
      { inputs: { amount: [1], domain: [] } },
      400,
      "domain",
    ],
    [
      "feedback for no prediction id",
      "/models/line/feedback",
      { feedback: [{ id: "x", label: 1 }] },
      400,
      "feedback 0, id",
    ],
    [
      "feedback of the wrong type",
      "/models/line/feedback",
      { feedback: [{ id: `pred_${"0".repeat(22)}`, label: "high" }] },
      400,
      "label",
    ],
    [
      "feedback with an unknown class",
      "/models/three/feedback",
      { feedback: [{ id: `pred_${"0".repeat(22)}`, label: "d" }] },
      400,
      '"a", "b", "c"',
    ],
    [
      "feedback at no time",
      "/models/line/feedback",
      { feedback: [{ id: `pred_${"0".repeat(22)}`, label: 1, at: "soon" }] },
      400,
      "at",
    ],
  ])("%s: refused, and the field is named", async (_, path, body, status, named) => {
    const before = (await logged()).length;
    const refused = await post(path, body);
    const problem = (await refused.json()) as { detail: string; status: number };
    expect(refused.headers.get("content-type")).toContain("problem+json");
    expect([refused.status, problem.status]).toEqual([status, status]);
    expect(problem.detail).toContain(named);
    expect(
      (await logged()).filter((r) => !("variant" in r && r.variant === "shadow")).length,
    ).toBeLessThanOrEqual(before);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test("every wrong field is listed, with row, column, value and what was expected", async () => {
    const rows = [{ amount: "much" }, { amount: 1, domian: "x" }, { amount: 2, subject: ["a"] }];
    const error: unknown = await api()
      .predict({ model: "mail", rows: rows as never })
      .catch((e) => e);
    expect((error as RequestError).problem.details).toMatchObject({
      count: 3,
      problems: [
        { row: 0, column: "amount", value: "much", expected: "a finite number" },
        { row: 1, column: "domian", value: "x" },
        { row: 2, column: "subject", value: "[…]" },
      ],
    });
  });

  test("a too large body is refused", async () => {
    const refused = await post("/models/line/predict", { rows: ["x".repeat(17 * 1024 * 1024)] });
    expect(refused.status).toBe(413);
  });

  test("one caller's bad row does not fail the others of the same turn", async () => {
    const calls = await Promise.allSettled(
      [1, "bad", 2].map((x) => api().predict({ model: "line", rows: [{ x }] })),
    );
    expect(calls.map((c) => c.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});

test("whatever JSON comes, no endpoint answers with an error of its own", async () => {
  const value = fc.jsonValue({ maxDepth: 1 });
  const word = fc.constantFrom("x", "amount", "name", "data", "columns", "id", "label", "shape");
  const likely = fc.dictionary(
    word,
    fc.oneof(value, fc.array(fc.dictionary(word, value), { maxLength: 3 })),
  );
  const field = fc.constantFrom("rows", "inputs", "instances", "dataframe_split", "feedback");
  const paths = [
    "/models/line/predict",
    "/models/mail/predict",
    "/models/line/feedback",
    "/models/three/invocations",
    "/v2/models/mail/infer",
    "/gateway/refresh",
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.oneof(
        value,
        fc.dictionary(field, fc.oneof(likely, fc.array(likely, { maxLength: 3 }), value)),
      ),
      async (path, body) => {
        const { status } = await post(path, JSON.stringify(body));
        expect(status).toBeLessThan(500);
      },
    ),
    { numRuns: 200 },
  );
  expect((await fetch(`${url}/v2/health/ready`)).status).toBe(200);
});

test("metrics are counted", async () => {
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toMatch(
    /millwright_request_duration_seconds_count\{route="\/models\/\{model\}\/predict",model="mail",status="200"\} [1-9]/,
  );
  expect(text).toMatch(/millwright_predictions_total\{model="mail",variant="champion"\} [1-9]/);
  expect(text).toMatch(/millwright_abstentions_total\{model="careful"\} [1-9]/);
  expect(text).toMatch(/status="404"/);
  // What callers write is no label.
  expect(text).toMatch(/model="unknown"/);
  const labels = new Set([...text.matchAll(/model="([^"]*)"/g)].map(([, model]) => model));
  expect([...labels].filter((m) => !["", "unknown"].includes(m!)).length).toBeLessThanOrEqual(7);
  checkExposition(text);
  expect(text).toMatch(/millwright_shadow_predictions_total [1-9]/);
  expect(text).toMatch(/millwright_models_routed 7/);
});
