import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { Report } from "../evaluation/report.ts";
import { digestOfJson } from "../lib/digest.ts";
import { PARENT_TAG, pairs, type RunRecord } from "../tracking/own/run-record.ts";
import type { DatasetInput, Metric, Param } from "../tracking/runs/tracked-run.ts";
import type { Trial } from "../training/race.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import type { TrainingPlan } from "./plan-training.ts";
import type { RunHead } from "./start-run.ts";

/** A training in the words of tracking. MLflow's clients read these names: they do not change. */

/** A fold of the race, as the journal has it. */
export interface RacedFold {
  readonly results: readonly Trial[];
  /** When it was over. */
  readonly at: number;
}

export const planParams = ({ spec, ...plan }: TrainingPlan): Param[] =>
  pairs({
    ...{ task: spec.task, target: spec.target, metric: spec.metric, seed: spec.seed },
    ...{ budget_trials: spec.search?.trials, budget_cpu_seconds: spec.search?.cpuSeconds },
    budget_ms: spec.search && Object.keys(spec.search).length > 0 ? undefined : spec.budgetMs,
    ...{ split: spec.split, test_share: spec.testShare },
    ...{
      trainers: spec.trainers.join(","),
      features: spec.columns.map(({ name }) => name).join(","),
    },
    ...{ folds: plan.folds, train_rows: plan.trainRows, test_rows: plan.testRows, code: plan.code },
  });

/** The trainer's own settings come under its name, so that they never meet ours. */
export const candidateParams = ({ id, trainer, params }: Candidate): Param[] =>
  pairs({
    ...{ candidate: id, trainer },
    ...Object.fromEntries(Object.entries(params).map(([key, value]) => [`trainer.${key}`, value])),
  });

/** MLflow allows a digest 36 characters. */
export const datasetInput = (data: DatasetVersion, context: string): DatasetInput => ({
  dataset: {
    ...{ name: data.dataset, digest: data.id.slice(7, 39), sourceType: "millwright" },
    source: JSON.stringify({
      dataset: data.dataset,
      version: data.id,
      sources: data.lineage.sources,
    }),
    schema: JSON.stringify({
      mlflow_colspec: data.schema.columns.map(({ name, type }) => ({
        ...{ name, required: false },
        type: type === "number" ? "double" : type === "time" ? "datetime" : "string",
      })),
    }),
    profile: JSON.stringify({ num_rows: data.rows }),
  },
  tags: [{ key: "mlflow.data.context", value: context }],
});

const trialHead = (parent: TrialParent, { id }: Candidate): RunHead => ({
  ...{ ...parent, id: `${parent.id}-${id}`, name: id },
});

/** Said of the chosen one when the race is over. */
export const winnerRecord = (parent: TrialParent, winner: Candidate): RunRecord => ({
  ...trialHead(parent, winner),
  tags: pairs({ "millwright.winner": "true" }),
});

type TrialParent = Pick<RunRecord, "id" | "experiment" | "user" | "startTime">;

/** A run for every candidate that was started, with what it scored in each fold. */
export function trialRecords(
  parent: TrialParent,
  race: {
    readonly candidates: readonly Candidate[];
    readonly folds: readonly RacedFold[];
    readonly metric: string;
  },
): RunRecord[] {
  return race.candidates.flatMap((candidate): RunRecord[] => {
    const own = race.folds.flatMap(({ results, at }) =>
      results.filter((trial) => trial.candidate === candidate.id).map((trial) => ({ trial, at })),
    );
    const last = own.at(-1);
    if (last === undefined) return [];
    const error = own.find(({ trial }) => trial.error !== undefined)?.trial.error;
    const point = ({ trial, at }: (typeof own)[0], key: string, value: number): Metric => ({
      ...{ key, value, timestamp: at, step: trial.fold },
    });
    return [
      {
        ...trialHead(parent, candidate),
        params: candidateParams(candidate),
        tags: pairs({
          [PARENT_TAG]: parent.id,
          "mlflow.user": parent.user,
          "millwright.kind": "candidate",
          "millwright.winner": "false",
          "millwright.error": error,
        }),
        metrics: own
          .filter(({ trial }) => trial.error === undefined)
          .flatMap((fold) => [
            point(fold, race.metric, fold.trial.score),
            point(fold, "fit_seconds", fold.trial.seconds),
            ...Object.entries(fold.trial.metrics ?? {}).map(([name, value]) =>
              point(fold, `program.${name}`, value),
            ),
          ]),
        ended: { status: error === undefined ? "FINISHED" : "FAILED", at: last.at },
      },
    ];
  });
}

/** What the held-out rows say, each metric with its 95 % interval where there is one. Slices are left out. */
export const reportMetrics = (report: Report, timestamp: number): Metric[] =>
  report.metrics.flatMap(({ name, value, lower, upper }) =>
    [
      { key: name, value },
      { key: `${name}.lower`, value: lower },
      { key: `${name}.upper`, value: upper },
    ].flatMap((metric) =>
      metric.value === null ? [] : [{ key: metric.key, value: metric.value, timestamp, step: 0 }],
    ),
  );

/** Whether two trainings would do the same: code, data, recipe and what executes it. The champion they are compared with is not part of it. */
export const fingerprintOf = (input: {
  readonly plan: Pick<TrainingPlan, "code" | "candidates" | "gates" | "abstain"> & {
    readonly spec: TrainingSpec;
  };
  readonly data: Pick<DatasetVersion, "id">;
  readonly environment: Readonly<Record<string, string>>;
}): string => {
  const { spec, code, candidates, gates, abstain } = input.plan;
  const { environment, data } = input;
  return digestOfJson({
    ...{ pipeline: "train", code, data: data.id, spec, candidates, gates, abstain, environment },
  });
};

/** What came of it. */
export const outcomeTags = (outcome: {
  readonly number: number;
  readonly passed: boolean;
  readonly deployment: string;
  readonly decision: string;
  readonly reused?: string;
}) =>
  pairs({
    ...{ "millwright.version": outcome.number, "millwright.passed": outcome.passed },
    ...{ "millwright.deployment": outcome.deployment, "millwright.decision": outcome.decision },
    "millwright.reused": outcome.reused,
  });
