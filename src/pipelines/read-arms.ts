import type { Digest } from "../lib/digest.ts";
import { type Arm, armFor, armsOf } from "../serving/arms.ts";
import { TRAFFIC } from "../serving/prediction.ts";
import type { LoggedPrediction } from "../serving/read-log.ts";
import type { ServedRoute, Split } from "../serving/route.ts";
import type { Platform } from "./platform.ts";

/** What was asked of one arm of a split since it began, ascending by time. */
export interface ArmLog {
  readonly arm: Arm;
  readonly asked: readonly AskedRow[];
}

export interface AskedRow {
  readonly prediction: LoggedPrediction;
  /** Milliseconds since 1970; event time in replays. */
  readonly at: number;
  /** Another version had to answer: `prediction` is what that one said. */
  readonly failed: boolean;
}

/** Beyond every event time. */
const MOST_MS = 8.64e15;

/**
 * The log of a split, arm by arm. Rows that somebody else answered are counted with the arm they would have met: who meets whom
 * is a pure function of split and row.
 */
export async function readArms(
  deps: Pick<Platform, "predictions">,
  input: {
    readonly route: ServedRoute;
    readonly split: Split;
    /** Truths known by then, ms since 1970: for replays, which count in event time. */
    readonly asOf: number | undefined;
  },
): Promise<readonly ArmLog[]> {
  const { route, split, asOf } = input;
  const arms = armsOf(route, split);
  const byVersion = new Map<Digest, Arm>(arms.map((arm) => [arm.version.id, arm]));
  const asked = new Map<Arm, AskedRow[]>(arms.map((arm) => [arm, []]));
  const logged = await deps.predictions.read({
    model: route.model,
    variant: TRAFFIC,
    ...(asOf === undefined
      ? { arrivedFrom: split.begun, from: -MOST_MS, to: MOST_MS }
      : { from: split.begun, to: asOf }),
  });
  for (const prediction of logged) {
    const at = asOf === undefined ? prediction.at : prediction.eventTime;
    const failed = prediction.variant === "fallback";
    const arm = failed
      ? armFor(arms, prediction.key ?? prediction.id)
      : byVersion.get(prediction.version);
    if (arm === undefined) continue;
    const { truth } = prediction;
    const known = truth !== undefined && truth.at < (asOf ?? Number.POSITIVE_INFINITY);
    asked
      .get(arm)!
      .push({ at, failed, prediction: known ? prediction : { ...prediction, truth: undefined } });
  }
  return arms.map((arm) => ({ arm, asked: asked.get(arm)!.sort((a, b) => a.at - b.at) }));
}
