import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ingest } from "../../src/datasets/ingest.ts";
import { metricNamed } from "../../src/evaluation/metrics/all.ts";
import { tryCandidate } from "../../src/evaluation/try-candidate.ts";
import { random } from "../../src/lib/random.ts";
import { planTraining, type TrainingPlan } from "../../src/pipelines/plan-training.ts";
import type { ModelDefinition } from "../../src/pipelines/project.ts";
import { openBlobs } from "../../src/storage/blobs/all.ts";
import { duckdbColumns } from "../../src/storage/columns/duckdb.ts";
import { type Table, takeRows } from "../../src/table/table.ts";
import { fitCandidate, type Threads } from "../../src/training/candidate.ts";
import type { Trial } from "../../src/training/race.ts";
import { trainingData } from "../../src/training/training-data.ts";
import type { Candidate } from "../../src/training/training-spec.ts";
import { readCells, writeCells } from "../quality/cells.ts";
import { versionsInMemory } from "../quality/in-memory.ts";

export interface BenchSet {
  readonly name: string;
  readonly file: string;
  readonly delimiter?: string;
  readonly header?: readonly string[];
  readonly without?: readonly string[];
  readonly target: string;
  readonly features?: ModelDefinition["features"];
}

/** Of each at most so many rows, drawn once; half of them are the test. */
const ROWS = 6000;
export const FOLDS = 3;
/** A network takes as long as all others together; NETWORKS=1 lets it in. */
const TRAINERS = [
  ...["baseline", "linear", "forest", "gbdt"],
  ...(process.env.NETWORKS ? ["mlp"] : []),
];

export const SETS: readonly BenchSet[] = [
  { name: "telco churn", file: "crm/telco_churn.csv", target: "Churn", without: ["customerID"] },
  {
    ...{ name: "hotel bookings", file: "crm/hotel_bookings.csv.gz", target: "is_canceled" },
    without: ["reservation_status", "reservation_status_date"],
  },
  { name: "adult", file: "fairness/adult_train.csv.gz", target: "income" },
  {
    ...{ name: "SMS spam", file: "text/sms_spam.tsv", target: "label", delimiter: "\t" },
    header: ["label", "text"],
  },
  {
    ...{ name: "bike rentals", file: "drift/bike_hour.csv", target: "cnt" },
    without: ["instant", "dteday", "casual", "registered"],
  },
];

/** A set as a training of the given seed sees it, and what one fit on a fold of it comes to. */
export async function openSet(set: BenchSet, data: string, folder: string, seed: number) {
  const scratch = join(folder, "scratch");
  mkdirSync(scratch, { recursive: true });
  const columns = await duckdbColumns({ scratch });
  const blobs = openBlobs("file:blobs", { base: folder, cache: folder });
  const source = join(folder, `${set.name.replaceAll(" ", "-")}.csv`);
  const all = readCells(join(data, set.file), set.delimiter, set.header);
  const keep = all.names.flatMap((name, i) => (set.without?.includes(name) ? [] : [i]));
  const order = random(1).shuffle(Uint32Array.from(all.rows.keys())).subarray(0, ROWS);
  writeCells(source, {
    names: keep.map((i) => all.names[i]!),
    rows: Array.from(order, (at) => keep.map((i) => all.rows[at]![i]!)),
  });
  const lab = { columns, blobs, datasets: versionsInMemory(), clock: { now: Date.now } };
  const { version } = await ingest(lab, {
    ...{ dataset: set.name, folder, source, target: set.target, key: undefined, time: undefined },
  });
  const planned = await planTraining(
    {
      ...lab,
      programs: {} as never,
      project: async () => ({
        definition: {
          datasets: { data: { source } },
          models: {
            model: {
              dataset: "data",
              target: set.target,
              train: { seed, test: 0.5, trainers: TRAINERS },
            },
          },
        },
        folder,
        code: "sha256:0" as const,
        bundle: "",
      }),
      registry: { alias: async () => undefined } as never,
    },
    { model: "model", data: version },
  );
  const plan: TrainingPlan = { ...planned, foldCount: FOLDS, folds: FOLDS };
  const { spec } = plan;
  const table = await columns.readTable(await blobs.localPath(version.data));
  const kept = new Map<string, unknown>();
  const threads: Threads = {
    ...{ threads: 1, openTeam: undefined, signal: undefined },
    remember: <T>(key: string, make: () => T): T => {
      if (!kept.has(key)) kept.set(key, make());
      return kept.get(key) as T;
    },
  };
  const metric = metricNamed(spec.metric, spec.task);
  const tried = new Map<string, Trial>();
  return {
    ...{ plan, metric, sign: metric.better === "higher" ? -1 : 1 },
    /** The same configuration is fitted once, whoever asks. */
    async attempt(candidate: Candidate, fold: number): Promise<Trial> {
      const key = `${candidate.trainer} ${JSON.stringify(candidate.params)} ${fold}`;
      const found =
        tried.get(key) ??
        (await tryCandidate(
          { ...threads, loadTable: async () => table, now: () => performance.now() },
          { spec, data: version.data, candidate, fold, folds: FOLDS, maxRows: 60_000 },
        ));
      tried.set(key, found);
      return { ...found, candidate: candidate.id };
    },
    testScore: (candidate: Candidate) => testScore(table, plan, candidate, threads),
    close: () => columns.close(),
  };
}

export type OpenSet = Awaited<ReturnType<typeof openSet>>;

function testScore(all: Table, { spec }: TrainingPlan, candidate: Candidate, threads: Threads) {
  const data = trainingData(spec, all);
  const rows = data.train;
  const fitted = fitCandidate(spec, candidate, { ...data, rows, name: "test" }, threads);
  const scores = fitted.model.predict(fitted.encoder.encode(takeRows(data.table, data.test)));
  const target = Float64Array.from(data.test, (row) => data.target[row]!);
  return metricNamed(spec.metric, spec.task).compute(scores, target);
}
