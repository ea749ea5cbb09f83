import { abstentionReport } from "../../src/evaluation/abstention-report.ts";
import { digestOf } from "../../src/lib/digest.ts";
import { newId } from "../../src/lib/ids.ts";
import { random } from "../../src/lib/random.ts";
import { graph } from "../../src/onnx/graph.ts";
import type { Signature } from "../../src/onnx/signature.ts";
import { answerHere } from "../../src/pipelines/answer-here.ts";
import { tryGraph } from "../../src/pipelines/try-graph.ts";
import type { ModelVersion } from "../../src/registry/model-version.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import type { LoggedPrediction } from "../../src/serving/log/query.ts";
import type { Variant } from "../../src/serving/prediction.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { onnxModel } from "../../src/testing/onnx-models.ts";

const HOUR = 3_600_000;

const CHURN: Signature = {
  task: "binary",
  target: "churn",
  classes: ["stays", "leaves"],
  columns: [
    { name: "tenure_months", role: "numeric" },
    { name: "monthly_charges", role: "numeric" },
    { name: "contract", role: "category" },
    { name: "last_contact", role: "time" },
    {
      name: "note",
      role: "text",
      text: { words: { min: 1, max: 1 }, characters: null, vocabulary: ["refund", "thanks"] },
    },
  ],
};

/** Logistic in charges, contract and two words, against tenure: versions differ by `bias`. */
function churnModel(bias: number): Uint8Array {
  const g = graph();
  const one = (value: number) => g.constant("float32", [1], [value]);
  const scaled = (name: string, by: number) => {
    const input = g.input(name, "float32", ["N", 1]);
    return g.node("Mul", [g.node("Where", [g.node("IsNaN", [input]), one(0), input]), one(by)]);
  };
  const tenure = scaled("tenure_months", -0.06);
  const charges = scaled("monthly_charges", 0.025);
  const contract = g.node(
    "LabelEncoder",
    [g.input("contract", "string", ["N", 1])],
    {
      keys_strings: { strings: ["month-to-month", "two years"] },
      values_floats: { floats: [1.2, -1.6] },
      default_float: { float: 0 },
    },
    { domain: "ai.onnx.ml" },
  );
  const contact = g.input("last_contact", "float64", ["N", 1]);
  const none = g.node("Mul", [g.node("Cast", [g.node("IsNaN", [contact])], { to: 1 }), one(0)]);
  const ids = g.input("note#ids", "int64", ["N", "L"]);
  const counts = g.input("note#counts", "float32", ["N", "L"]);
  const weights = g.constant("float32", [3], [0, 1.5, -1.1]);
  const weighted = g.node("Mul", [g.node("Gather", [weights, ids]), counts]);
  const words = g.node("ReduceSum", [weighted, g.constant("int64", [1], [1])], { keepdims: 1 });
  const shift = g.constant("float32", [1, 1], [bias]);
  const yes = g.node("Sigmoid", [g.node("Sum", [tenure, charges, contract, words, none, shift])]);
  g.node("Concat", [g.node("Sub", [one(1), yes]), yes], { axis: 1 }, { outputs: ["probability"] });
  g.output("probability", "float32", ["N", 2]);
  return g.encode(CHURN);
}

/** Held-out scores of a model that is right most of the time: the rule and its words are made as training makes them. */
function heldOut() {
  const rng = random("held out churn");
  const target: number[] = [];
  const scores: number[] = [];
  for (let i = 0; i < 1400; i++) {
    const p = rng.next() ** 2;
    scores.push(p);
    target.push(rng.next() < p ** 1.6 ? 1 : 0);
  }
  return { target: Float64Array.from(target), scores: Float64Array.from(scores) };
}

export const churnAbstention = () => {
  const { target, scores } = heldOut();
  return abstentionReport(
    { precision: 0.8 },
    {
      task: "binary",
      classes: CHURN.classes,
      target,
      scores: { rows: scores.length, width: 1, values: scores },
    },
    1,
  );
};

/** Models with real files: `churn` with a canary, `churn_small` that stands in for it, `income` imported, and what was asked of `churn` in two days. */
export async function sampleServed(folder: string, now: number) {
  const runtime = await onnxRuntime();
  const blobs = fileBlobs(folder);
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const rng = random("churn log");
  const pick = <T>(of: readonly T[]): T => of[Math.floor(rng.next() * of.length)]!;
  const someRow = () => ({
    customer: `C-${String(1000 + Math.floor(rng.next() * 400))}`,
    tenure_months: Math.floor(rng.next() * 60),
    monthly_charges: Math.round(2000 + rng.next() * 8000) / 100,
    contract: pick(["month-to-month", "one year", "two years"]),
    note: pick([
      "asked for a refund twice, the last invoice was wrong",
      "thanks for the quick help",
      null,
    ]),
  });
  const background = await blobs.put(text({ rows: Array.from({ length: 40 }, someRow) }));
  const shared = {
    ...{ seed: 42, complexity: 60, parent: undefined, environment: ENVIRONMENT },
    params: { l2: 0.01 },
  };
  const churn = async (number: number, hours: number, bias: number): Promise<ModelVersion> => ({
    ...shared,
    ...{ id: digestOf(`churn ${number}`), model: "churn", number, signature: CHURN },
    ...{ trainer: number === 1 ? "linear" : "gbdt", dataset: digestOf("data churn 1") },
    ...{ code: digestOf("code 2"), onnx: await blobs.put(churnModel(bias)), background },
    ...{
      report: digestOf(`report churn ${number}`),
      leaderboard: digestOf(`board churn ${number}`),
    },
    ...{ abstain: churnAbstention().rule ?? undefined, runId: "run_01k9train3" },
    createdAt: now - hours * HOUR,
  });
  const versions = [await churn(1, 24 * 9, -1.4), await churn(2, 30, -1)];
  const small = {
    ...versions[0]!,
    id: digestOf("small 1"),
    model: "churn_small",
    abstain: undefined,
  };
  const bytes = onnxModel("gen_adult_lightgbm.onnx");
  const tried = await tryGraph({ runtime }, { bytes, options: {} });
  const income: ModelVersion = {
    ...{ ...shared, params: {}, complexity: 0 },
    ...{ id: digestOf("income 1"), model: "income", number: 1, trainer: "imported" },
    ...{ onnx: await blobs.put(tried.onnx), signature: tried.signature },
    createdAt: now - 3 * HOUR,
    origin: {
      ...{ file: "adult_lightgbm.onnx", sha256: digestOf(bytes), producer: "OnnxMLTools 1.14" },
      ...{ opsets: { "ai.onnx.ml": 3, "": 15 }, notes: ["ZipMap was cut"] },
    },
  };
  const rows = Array.from({ length: 900 }, (_, i) => {
    const at = now - 47 * HOUR + i * 180_000 + Math.floor(rng.next() * 60_000);
    return { row: someRow(), at, canary: at > now - 20 * HOUR && rng.next() < 0.25 };
  });
  const logged: LoggedPrediction[] = [];
  const answer = async (version: ModelVersion, variant: Variant, some: typeof rows) => {
    const answers = await answerHere({ blobs, runtime }, { version, rows: some.map((r) => r.row) });
    some.forEach(({ row, at }, i) => {
      const { probability = 0, abstained } = answers[i]!;
      const leaves = rng.next() < probability;
      logged.push({
        ...{ id: newId("pred", at, rng.next), model: "churn", version: version.id, variant },
        ...{ at, eventTime: at, key: row.customer, inputs: row, output: [probability] },
        label: CHURN.classes[probability >= 0.5 ? 1 : 0]!,
        ...(abstained ? { abstained } : {}),
        latencyMs: 0.8 + rng.next() ** 4 * (variant === "canary" ? 9 : 7),
        truth:
          at < now - 5 * HOUR && rng.next() < 0.6
            ? { label: CHURN.classes[leaves ? 1 : 0]!, at: at + HOUR }
            : undefined,
      });
    });
  };
  await answer(
    versions[0]!,
    "champion",
    rows.filter((r) => !r.canary),
  );
  await answer(
    versions[1]!,
    "canary",
    rows.filter((r) => r.canary),
  );
  return { runtime, blobs, logged, versions: [...versions.reverse(), income, small] };
}

const ENVIRONMENT = {
  node: "20.20.2",
  millwright: "0.1.0",
  runtime: "onnxruntime-node 1.30.0",
};
