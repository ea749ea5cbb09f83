import { randomInt } from "node:crypto";
import { setImmediate as endOfTurn } from "node:timers/promises";
import type { HttpRoute } from "../../src/http/http.ts";
import { trackingApi } from "../../src/mlflow-api/mlflow-api.ts";
import { outcomeTags, trialRecords, winnerRecord } from "../../src/pipelines/tracked-training.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { testDatabase } from "../../src/testing/database.ts";
import { quietLog } from "../../src/testing/quiet-log.ts";
import { ARTIFACT_ROOT } from "../../src/tracking/experiments/artifact-location.ts";
import { experimentStore } from "../../src/tracking/experiments/store.ts";
import { trackedKeys } from "../../src/tracking/keys/store.ts";
import { keepRun, type OwnTracking } from "../../src/tracking/own/keep-run.ts";
import { pairs } from "../../src/tracking/own/run-record.ts";
import { ownRunStore } from "../../src/tracking/own/store.ts";
import { inputStore } from "../../src/tracking/runs/inputs/store.ts";
import { runLog } from "../../src/tracking/runs/log/store.ts";
import { trackedRunStore } from "../../src/tracking/runs/store.ts";

export interface SampleTracking {
  readonly routes: readonly HttpRoute[];
  readonly own: OwnTracking;
  stop(): Promise<void>;
}

/** The real tracking API on a database of its own, with nothing in it. */
export async function sampleTracking(): Promise<SampleTracking> {
  const db = await testDatabase();
  const { sql, folder } = db;
  const keys = trackedKeys(sql);
  const log = runLog(sql, keys, endOfTurn);
  const routes = await trackingApi(
    {
      ...{ sql, runLog: log, log: quietLog(), blobs: fileBlobs(`${folder}/blobs`) },
      ...{ clock: { now: Date.now }, chance: () => randomInt(2 ** 47) / 2 ** 47 },
    },
    { scratch: `${folder}/scratch` },
  );
  const own: OwnTracking = {
    ...{ experiments: experimentStore(sql, ARTIFACT_ROOT), runs: trackedRunStore(sql, keys) },
    ...{ runLog: log, inputs: inputStore(sql), own: ownRunStore(sql, keys) },
  };
  return { routes, own, stop: () => db.stop() };
}

export interface SampleRuns {
  readonly experiment: string;
  readonly empty: string;
  /** The experiment of our own pipeline, its run, and that run's candidates. */
  readonly trained: { readonly experiment: string; readonly run: string };
  /** By name: `depth-3` … `depth-8`, `diverged`, `still-running`. */
  readonly runs: ReadonlyMap<string, string>;
}

const MINUTE = 60_000;
const STEPS = 120;

/** Experiments as a team would have them, logged over HTTP as MLflow's clients do. */
export async function fillTracking({ own }: SampleTracking, url: string): Promise<SampleRuns> {
  const now = Date.now();
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  const make = async (name: string, note: string): Promise<string> => {
    const tags = note === "" ? [] : [{ key: "mlflow.note.content", value: note }];
    return (await post("experiments/create", { name, tags })).experiment_id;
  };
  const experiment = await make(
    "churn: boosted trees",
    "Does a deeper tree pay for customers who left within 90 days? Ends with the one to register.",
  );
  const empty = await make("support replies", "");
  const runs = new Map<string, string>();
  const begin = async (name: string, ago: number, tags: Record<string, string> = {}) => {
    const made = await post("runs/create", {
      ...{ experiment_id: experiment, run_name: name, user_id: "ada", start_time: now - ago },
      tags: pairs({ "mlflow.source.name": "train_churn.py", team: "retention", ...tags }),
    });
    runs.set(name, made.run.info.run_id);
    return { run: made.run.info.run_id as string, uri: made.run.info.artifact_uri as string };
  };
  const course = async (run: string, from: number, best: number, diverges: boolean) => {
    const points = Array.from({ length: STEPS }, (_, step) => {
      const loss = best + (from - best) * Math.exp(-step / 18) + 0.004 * Math.sin(step * 1.7);
      const lost = diverges && step > 40 ? "NaN" : loss;
      const at = { step, timestamp: now - 50 * MINUTE + step * 1000 };
      return [
        { key: "val_loss", value: lost, ...at },
        { key: "auc", value: lost === "NaN" ? 0.5 : 1.02 - loss * 0.55, ...at },
      ];
    });
    for (let i = 0; i < STEPS; i += 60)
      await post("runs/log-batch", { run_id: run, metrics: points.slice(i, i + 60).flat() });
  };
  const end = (run: string, status: string, ago: number) =>
    post("runs/update", { run_id: run, status, end_time: now - ago });
  const setUp = async (run: string, depth: number, rate: number) => {
    const features = "tenure,contract,monthly_charges,total_charges,tickets,last_login_days,region";
    await post("runs/log-batch", {
      run_id: run,
      params: pairs({ max_depth: depth, learning_rate: rate, n_estimators: 400, features }),
      metrics: [{ key: "fit_seconds", value: 11.4 + 3.1 * depth, timestamp: now, step: 0 }],
    });
    const dataset = { name: "customers", digest: "9f3c1a70", source_type: "local", source: "{}" };
    const tags = [{ key: "mlflow.data.context", value: "training" }];
    await post("runs/log-inputs", { run_id: run, datasets: [{ tags, dataset }] });
  };
  for (let depth = 3; depth <= 8; depth++) {
    const { run, uri } = await begin(`depth-${depth}`, (90 - 5 * depth) * MINUTE);
    await setUp(run, depth, 0.1);
    await course(run, 0.7, 0.31 + 0.012 * Math.abs(depth - 6), false);
    const at = `${url}/api/2.0/mlflow-artifacts/artifacts/${uri.replace("mlflow-artifacts:/", "")}`;
    const files = {
      "model/MLmodel": "flavors:\n  onnx:\n    data: model.onnx\n",
      "model/model.onnx": "o".repeat(48_213),
      "plots/calibration.png": "p".repeat(9310),
      "report.html": "<h1>Depth</h1>",
    };
    for (const [path, body] of Object.entries(files))
      if (!(await fetch(`${at}/${path}`, { method: "PUT", body })).ok) throw new Error(path);
    await end(run, "FINISHED", (86 - 5 * depth) * MINUTE);
  }
  const diverged = await begin("diverged", 40 * MINUTE, { "mlflow.note.content": "Too fast." });
  await setUp(diverged.run, 6, 1.5);
  await course(diverged.run, 0.9, 0.4, true);
  await end(diverged.run, "FAILED", 38 * MINUTE);
  const running = await begin("still-running", 3 * MINUTE);
  await setUp(running.run, 7, 0.05);
  const nested = { "mlflow.parentRunId": runs.get("depth-6")! };
  await end((await begin("depth-6 fold 1", 61 * MINUTE, nested)).run, "FINISHED", 60 * MINUTE);
  return { ...{ experiment, empty, runs }, trained: await train(own, now) };
}

/** A training of our own with its candidates, as the pipeline writes it down. */
async function train(tracking: OwnTracking, now: number): Promise<SampleRuns["trained"]> {
  const startTime = now - 30 * MINUTE;
  const parent = { id: "run_01k9train3", experiment: "phishing", user: "millwright", startTime };
  const at = startTime + 4 * MINUTE;
  const candidates = ["linear-1", "gbdt-1", "gbdt-2", "mlp-1"].map((id) => {
    const trainer = id.split("-")[0]!;
    return { id, trainer, params: { depth: 6, learning_rate: 0.1 }, rank: 0 };
  });
  const folds = [0, 1, 2, 3].map((fold) => ({
    at: startTime + fold * MINUTE,
    results: candidates.map(({ id }, i) => ({
      ...{ candidate: id, fold, seconds: 2 + i, score: 0.9 + 0.015 * i + 0.002 * fold },
      ...{ standardError: 0.004, complexity: i },
      error: id === "mlp-1" && fold > 0 ? "The loss is NaN after epoch 3." : undefined,
    })),
  }));
  const outcome = { number: 3, passed: true, deployment: "promoted" };
  const decision = "Better than version 2 by 1.3 points of average precision.";
  const metrics = {
    average_precision: 0.961,
    log_loss: 0.142,
    "average_precision.lower": 0.951,
    "average_precision.upper": 0.97,
  };
  const records = trialRecords(parent, {
    ...{ candidates, folds, metric: "average_precision" },
  });
  const chosen = winnerRecord(parent, candidates.find(({ id }) => id === "gbdt-2")!);
  const whole = {
    ...{ ...parent, name: "train phishing" },
    params: pairs({ task: "binary", target: "is_phishing", folds: 4, train_rows: 4208, seed: 7 }),
    tags: pairs({ "mlflow.user": "millwright", "millwright.kind": "training" }).concat(
      outcomeTags({ ...outcome, decision }),
    ),
    metrics: Object.entries(metrics).map(([key, value]) => ({
      key,
      value,
      timestamp: at,
      step: 0,
    })),
    ended: { status: "FINISHED" as const, at },
  };
  for (const record of [whole, ...records, chosen])
    await keepRun({ tracking, log: quietLog() }, record);
  const { experiment } = (await tracking.runs.get(parent.id))!;
  return { experiment, run: parent.id };
}
