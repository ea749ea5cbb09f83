/**
 * Runs the platform on the splits of run.mjs, through the parts a training run goes through: explore → ingest → plan → race →
 * fit → the stored file scored by the runtime that serves. Only the database is left out: the run's journal and the catalogue of
 * datasets live in memory. Writes one line of JSON a set.
 *   node dist/bench/quality.mjs <folder of datasets> <scratch folder> [part of a set's name]
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { explore } from "../../src/datasets/explore.ts";
import { ingest } from "../../src/datasets/ingest.ts";
import { threadCompute } from "../../src/engine/executors/threads.ts";
import { metricNamed } from "../../src/evaluation/metrics/all.ts";
import { scoreTable } from "../../src/evaluation/score-table.ts";
import type { Digest } from "../../src/lib/digest.ts";
import type { Target } from "../../src/lib/task.ts";
import type { Signature } from "../../src/onnx/signature.ts";
import { planTraining } from "../../src/pipelines/plan-training.ts";
import type { ProjectDefinition } from "../../src/pipelines/project.ts";
import { raceCandidates } from "../../src/pipelines/race-candidates.ts";
import { onnxRuntime } from "../../src/runtime/onnxruntime.ts";
import { openBlobs } from "../../src/storage/blobs/all.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { fitCandidate } from "../../src/training/candidate.ts";
import { exportOnnx } from "../../src/training/export-onnx.ts";
import type { FitOutcome } from "../../src/training/fit.ts";
import { columnNamed, targetOf, trainingData } from "../../src/training/training-data.ts";
import type { Candidate, TrainingSpec } from "../../src/training/training-spec.ts";
import { journalInMemory, versionsInMemory } from "./in-memory.ts";
import { type NewcomerResult, newcomer } from "./newcomer.ts";
import { type Part, partsOf } from "./parts.ts";
import { SETS, type TestSet } from "./sets.ts";

const THREADS = Number(process.env.THREADS ?? 2);
const PYTHON = process.env.PYTHON;

type Values = Readonly<Record<string, number>>;

/** A set's result; values are by metric, one entry a part. */
export interface SetResult {
  readonly name: string;
  readonly metrics: TestSet["metrics"];
  readonly parts: readonly { readonly rows: number; readonly testRows: number }[];
  readonly split: TestSet["split"];
  readonly leaks: readonly string[];
  readonly winner: string;
  readonly reason: string;
  readonly board: readonly string[];
  readonly seconds: { readonly race: number; readonly fit: number };
  /** Fitted on all training rows. */
  readonly equal: readonly Values[];
  /** As deployed: on the share of the training rows that was not held out for the gates. */
  readonly served: readonly Values[];
  /** The file is the same when it is fitted with one thread and with several. */
  readonly sameBytes: boolean;
  readonly peer: readonly {
    readonly values: Values;
    readonly seconds: number;
    readonly version: string;
  }[];
  readonly newcomer?: NewcomerResult | undefined;
}

async function main([data, given, only = ""]: readonly string[]): Promise<void> {
  const folder = resolve(given!);
  const scratch = join(folder, "scratch");
  mkdirSync(scratch, { recursive: true });
  const lab = await openLab(folder, scratch);
  for (const set of SETS.filter(({ name }) => name.includes(only))) {
    const place = join(folder, "sets", set.name.replaceAll(/[^a-z0-9]+/gi, "-"));
    const result = {
      ...(await runSet(lab, set, partsOf(set, data!, place), place)),
      newcomer: set.newcomer ? newcomer(set, data!, join(place, "newcomer")) : undefined,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
  await lab.close();
}

type Lab = Awaited<ReturnType<typeof openLab>>;

async function openLab(folder: string, scratch: string) {
  const columns = await duckdbColumns({ scratch });
  const blobHost = { base: folder, cache: folder };
  const blobs = openBlobs("file:blobs", blobHost);
  const runtime = await onnxRuntime();
  const pool = threadCompute({
    entry: pathToFileURL(join(process.cwd(), "dist/compute.js")),
    size: THREADS,
  });
  const host = { blobUrl: "file:blobs", blobHost, scratch, threads: THREADS };
  const compute = {
    ...pool,
    run: <T>(task: string, input: unknown, options?: object) =>
      pool.run<T>(task, { host, input }, options),
  };
  return {
    ...{ columns, blobs, runtime, compute, host, pool, threads: THREADS },
    clock: { now: () => Date.now() },
    datasets: versionsInMemory(),
    // No project of this bench has a program that trains.
    ...({} as Record<"programs" | "jobs" | "project", never>),
    async close() {
      await pool.close();
      await columns.close();
    },
  };
}

async function runSet(
  lab: Lab,
  set: TestSet,
  parts: readonly Part[],
  folder: string,
): Promise<SetResult> {
  const found = await explore(lab, { source: parts[0]!.train, folder, target: set.target });
  const { time, key, leaks, target } = found.inference;
  const definition = (part: Part): ProjectDefinition => ({
    datasets: {
      data: {
        source: part.train,
        ...(time ? { time: time.column } : {}),
        ...(key ? { key: key.column } : {}),
      },
    },
    models: {
      model: {
        ...{ dataset: "data", target: set.target, ...set.model },
        ...(target?.positive === undefined ? {} : { positive: target.positive }),
      },
    },
  });
  const equal: Values[] = [];
  const served: Values[] = [];
  let chosen: Awaited<ReturnType<typeof race>> | undefined;
  let [fitSeconds, sameBytes] = [0, true];
  for (const [at, part] of parts.entries()) {
    const project = definition(part);
    const { version } = await ingest(lab, {
      ...{ dataset: `${set.name} ${at}`, folder, source: part.train, target: set.target },
      ...{ key: key?.column, time: time?.column },
    });
    const plan = await planTraining(
      {
        ...lab,
        project: async () => ({
          definition: project,
          folder,
          code: "sha256:0" as const,
          bundle: "",
        }),
        registry: { alias: async () => undefined } as never,
      },
      { model: "model", data: version },
    );
    chosen ??= await race(lab, version, plan);
    const { spec } = plan;
    const { winner } = chosen;
    const test = await ingest(lab, {
      ...{ dataset: `${set.name} ${at} test`, folder, source: part.test, schema: version.schema },
    });
    const score = (file: { onnx: Digest; signature: Signature }) =>
      measure(lab, file, spec, test.version.data, set);
    if (test.version.rows !== part.testRows)
      throw new Error(`${set.name}: ${part.testRows - test.version.rows} test rows were refused`);

    const started = performance.now();
    const fit = await lab.compute.run<FitOutcome>("fit", {
      ...{ spec, data: version.data, candidate: winner },
    });
    fitSeconds += (performance.now() - started) / 1000 / parts.length;
    served.push(await score(fit.served));
    const kept = (everything: boolean) => fitAlone(lab, spec, version.data, winner, everything);
    const timed = spec.split === "time";
    equal.push(timed ? served.at(-1)! : await score(await kept(true)));
    if (at === 0) sameBytes = (await kept(timed)).onnx === fit.served.onnx;
  }
  const { board, winner, seconds, reason } = chosen!;
  return {
    ...{
      name: set.name,
      metrics: set.metrics,
      split: set.split,
      leaks: leaks.map((l) => l.column),
    },
    parts: parts.map(({ rows, testRows }) => ({ rows, testRows })),
    ...{ winner: `${winner.id} ${JSON.stringify(winner.params)}`, reason, board },
    ...{ seconds: { race: seconds, fit: fitSeconds }, equal, served, sameBytes },
    peer: PYTHON ? await askPeer(PYTHON, set, target!, parts) : [],
  };
}

async function race(
  lab: Lab,
  data: Parameters<typeof raceCandidates>[1]["data"],
  plan: Parameters<typeof raceCandidates>[1]["plan"],
) {
  const started = performance.now();
  const outcome = await raceCandidates(lab, {
    ...{ steps: journalInMemory(), data, plan },
    onRaced: async () => {},
  });
  const seconds = (performance.now() - started) / 1000;
  const board = JSON.parse(Buffer.from(await lab.blobs.get(outcome.leaderboard)).toString("utf8"));
  const rows: { candidate: string; mean: number | null; folds: number; seconds: number }[] =
    board.rows;
  return {
    ...{ winner: outcome.winner, reason: outcome.reason, seconds },
    board: rows.map(
      (r) =>
        `${r.candidate} ${r.mean?.toFixed(4) ?? "-"} (${r.folds} of ${board.folds} folds, ${r.seconds.toFixed(1)} s)`,
    ),
  };
}

/** The same recipe with one thread, on every training row or on those that are not held out for the gates. */
async function fitAlone(
  lab: Lab,
  spec: TrainingSpec,
  data: Digest,
  candidate: Candidate,
  everything: boolean,
) {
  const { table, target, train } = trainingData(
    spec,
    await lab.columns.readTable(await lab.blobs.localPath(data)),
  );
  const rows = everything ? Uint32Array.from({ length: table.rows }, (_, row) => row) : train;
  const alone = { threads: 1, openTeam: undefined, signal: undefined };
  const fitted = fitCandidate(spec, candidate, { table, target, rows }, alone);
  const { onnx, signature } = exportOnnx(spec, fitted);
  return { onnx: await lab.blobs.put(onnx), signature };
}

async function measure(
  lab: Lab,
  file: { readonly onnx: Digest; readonly signature: Signature },
  spec: TrainingSpec,
  data: Digest,
  set: TestSet,
): Promise<Values> {
  const table = await lab.columns.readTable(await lab.blobs.localPath(data));
  const session = await lab.runtime.load(await lab.blobs.get(file.onnx));
  const scores = await scoreTable(session, { signature: file.signature, table });
  await session.close();
  const truth: Target = targetOf(columnNamed(table, spec.target), spec.task, spec.classes);
  return Object.fromEntries(
    set.metrics.map(({ metric }) => [
      metric,
      metricNamed(metric, spec.task).compute(scores, truth),
    ]),
  );
}

async function askPeer(
  python: string,
  set: TestSet,
  target: { readonly task: string; readonly classes: readonly string[] },
  parts: readonly Part[],
): Promise<SetResult["peer"]> {
  const child = spawn(python, ["bench/quality/peers.py"], { stdio: ["pipe", "pipe", "inherit"] });
  const { task, classes } = target;
  child.stdin.end(
    JSON.stringify({ target: set.target, task, classes, peer: set.peer, parts, threads: THREADS }),
  );
  let out = "";
  for await (const chunk of child.stdout) out += chunk;
  return out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

await main(process.argv.slice(2));
