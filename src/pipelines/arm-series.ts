import { alignScores } from "../evaluation/align-scores.ts";
import type { ArmSeries } from "../monitoring/canary-guards.ts";
import { scoresOf, truthsOf } from "../monitoring/logged-scores.ts";
import type { Signature } from "../onnx/signature.ts";
import type { Split } from "../serving/route.ts";
import { median, sortedKnown } from "../stats/descriptive.ts";
import { rowLosses } from "../stats/row-loss.ts";
import type { AskedRow } from "./read-arms.ts";

export interface SeriesOptions {
  /** Of the version that answered, and of the champion, in whose words losses are taken. */
  readonly own: Signature;
  readonly champion: Signature;
  /** Regression: what counts as a large error, in the target's unit; see `errorScale`. */
  readonly scale: number;
  /** When the present step was everywhere, ms since 1970. */
  readonly stepFrom: number;
}

/** The log of an arm as what the guards of a canary look at. */
export function armSeries(asked: readonly AskedRow[], options: SeriesOptions): ArmSeries {
  const { own, stepFrom } = options;
  const losses = lossesOf(asked, options);
  const step = asked.filter((row) => row.at >= stepFrom);
  return {
    rows: asked.map(({ at, failed, prediction }, i) => {
      if (failed) return { ...NOTHING, at, failed: 1 };
      const { latencyMs, abstained, output, label } = prediction;
      const said = own.task === "multiclass" ? own.classes.indexOf(String(label)) : output[0];
      return {
        ...{ at, failed: 0, latencyMs, abstained: Number(abstained === true) },
        ...{ said: own.task === "tensors" ? Number.NaN : (said ?? Number.NaN), loss: losses[i]! },
      };
    }),
    step: {
      rows: step.length,
      units: new Set(step.map(({ prediction }) => prediction.key ?? prediction.id)).size,
    },
  };
}

const NOTHING = {
  ...{ latencyMs: Number.NaN, abstained: Number.NaN },
  ...{ said: Number.NaN, loss: Number.NaN },
};

function lossesOf(
  asked: readonly AskedRow[],
  { own, champion, scale }: SeriesOptions,
): ArrayLike<number> {
  const rows = asked.map((row) => row.prediction);
  const none = new Float64Array(rows.length).fill(Number.NaN);
  if (champion.task === "tensors" || own.task === "tensors") return none;
  const scores = alignScores(scoresOf(rows, own), own, champion);
  if (scores === undefined) return none;
  return rowLosses(champion.task, scores, truthsOf(rows, champion), scale);
}

/** Gateways take a changed route over within a second; rows of the meantime belong to the step before. */
const TAKEN_OVER_MS = 5000;

/** From when on rows count for the present shares, ms since 1970. @param asOf as in replays, where a change is everywhere at once. */
export const stepFrom = ({ since }: Split, asOf: number | undefined): number =>
  asOf === undefined ? since + TAKEN_OVER_MS : since;

/** The champion's median absolute error; 1 where it cannot be known. */
export function errorScale(asked: readonly AskedRow[], { task }: Signature): number {
  if (task !== "regression") return 1;
  const errors = asked.map(({ failed, prediction: { output, truth } }) =>
    failed || truth === undefined ? Number.NaN : Math.abs(output[0]! - Number(truth.label)),
  );
  return median(sortedKnown(errors)) || 1;
}
