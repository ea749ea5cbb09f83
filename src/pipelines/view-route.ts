import type { ArmView, RouteRevisionView, RouteView } from "../../sdk/src/contract/routing.ts";
import { MillwrightError } from "../errors.ts";
import type { Signature } from "../onnx/signature.ts";
import type { ServedRoute, Split } from "../serving/route.ts";
import { splitInWords } from "../serving/route-words.ts";
import { hasChampion } from "../serving/routing.ts";
import type { RouteRevision } from "../serving/store.ts";
import { mean, median, quantile, sortedKnown, variance } from "../stats/descriptive.ts";
import { aroundMean, wilson } from "../stats/intervals.ts";
import { sampleRatio } from "../stats/sequential.ts";
import { stepFrom } from "./arm-series.ts";
import { lookAtCanary } from "./look-at-canary.ts";
import type { Platform } from "./platform.ts";
import { type ArmLog, type AskedRow, readArms } from "./read-arms.ts";

/** A model's route as people look at it: shares asked for and served, and how each arm did. Throws `not_found`. */
export async function viewRoute(
  platform: Pick<Platform, "serving" | "registry" | "predictions" | "project" | "clock">,
  { model }: { readonly model: string },
): Promise<RouteView> {
  const [[last], route] = await Promise.all([
    platform.serving.routeHistory(model, 1),
    platform.serving.route(model),
  ]);
  if (!last || !route)
    throw new MillwrightError(
      "not_found",
      `Model ${model} is not served${last ? ` since revision ${last.revision}` : ""}: promote a version, or give it a fallback.`,
    );
  const { split } = route;
  return {
    ...revisionView(last),
    model,
    split: split && hasChampion(route) ? await splitView(platform, { route, split }) : null,
  };
}

export function revisionView({ route, revision, reason, by, changedAt }: RouteRevision) {
  return {
    ...{ revision, reason, by, changedAt },
    champion: route?.champion?.number ?? null,
    shadow: route?.shadow?.number ?? null,
    split: route?.split === undefined ? null : splitInWords(route.split),
    fallback: [...(route?.fallback ?? [])],
    deadlineMs: route?.deadlineMs ?? null,
  } satisfies RouteRevisionView;
}

async function splitView(
  platform: Parameters<typeof viewRoute>[0],
  { route, split }: { readonly route: ServedRoute; readonly split: Split },
): Promise<RouteView["split"]> {
  const logs = await readArms(platform, { route, split, asOf: undefined });
  const champion = await platform.registry.get(route.champion.id);
  const look = await lookAtCanary(platform, { model: route.model });
  const callers = logs.map(({ asked }) => callersOf(asked));
  const total = callers.reduce((sum, n) => sum + n, 0);
  const from = stepFrom(split, undefined);
  const step = logs.map(({ asked }) => callersOf(asked.filter((row) => row.at >= from)));
  return {
    ...{ id: split.id, kind: split.kind, begun: split.begun, since: split.since },
    steps: split.kind === "canary" ? [...(split.steps ?? [])] : [],
    arms: logs.map((log, k) => ({
      ...armView(log, champion?.signature),
      ...recordOf(split, log),
      callers: callers[k]!,
      served: total === 0 ? null : callers[k]! / total,
    })),
    sampleRatio: sampleRatio(
      step,
      logs.map(({ arm }) => arm.share),
    ),
    guards: [...(look?.decision.guards ?? [])],
  };
}

const callersOf = (asked: readonly AskedRow[]): number =>
  new Set(asked.map(({ prediction }) => prediction.key ?? prediction.id)).size;

function armView({ arm, asked }: ArmLog, signature: Signature | undefined) {
  const answered = asked.filter((row) => !row.failed).map((row) => row.prediction);
  const latencies = sortedKnown(answered.map((p) => p.latencyMs));
  return {
    ...{ version: arm.version.number, versionId: arm.version.id, share: arm.share },
    variant: arm.variant as ArmView["variant"],
    ...{ rows: asked.length, failed: asked.length - answered.length },
    abstained: answered.filter((p) => p.abstained).length,
    labelled: answered.filter((p) => p.truth !== undefined).length,
    latencyMs:
      latencies.length === 0 ? null : { median: median(latencies), p95: quantile(latencies, 0.95) },
    quality: qualityOf(asked, signature),
  };
}

function recordOf(split: Split, { arm }: ArmLog) {
  if (split.kind === "canary") return { weight: null, wins: null, losses: null };
  const own = split.arms.find(({ version }) => version.id === arm.version.id)!;
  if ("weight" in own) return { weight: own.weight, wins: null, losses: null };
  return { weight: null, wins: own.wins, losses: own.losses };
}

function qualityOf(
  asked: readonly AskedRow[],
  signature: Signature | undefined,
): ArmView["quality"] {
  const known = asked.flatMap(({ failed, prediction: { truth, ...own } }) =>
    failed || truth === undefined ? [] : [{ truth: truth.label, own }],
  );
  if (known.length === 0 || signature === undefined || signature.task === "tensors") return null;
  if (signature.task === "regression") {
    const errors = known.map(({ truth, own }) => Math.abs(own.output[0]! - Number(truth)));
    const standardError = Math.sqrt(variance(errors) / errors.length) || 0;
    const { value, lower, upper } = aroundMean(mean(errors), standardError, errors.length - 1 || 1);
    const names = {
      name: "mae",
      title: "Mean absolute error",
      unit: "target",
      better: "lower",
    } as const;
    return { ...names, value, low: lower, high: upper };
  }
  const right = known.filter(({ truth, own }) => String(own.label) === String(truth)).length;
  const { value, lower, upper } = wilson(right, known.length);
  const names = { name: "accuracy", title: "Right", unit: "share", better: "higher" } as const;
  return { ...names, value, low: lower, high: upper };
}
