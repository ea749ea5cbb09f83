import type {
  AliasMoveView,
  Leaderboard,
  ReportSummary,
  Verdict,
  VersionDetail,
} from "../../sdk/src/contract/models.ts";
import type { Metric } from "../../sdk/src/contract/shapes.ts";
import type { AliasMove } from "./alias-move.ts";
import type { Alias, ModelVersion } from "./model-version.ts";

/** What a version's stored report and leaderboard say, for people. The first metric is the one the model is chosen by. */
export interface Evidence {
  readonly metrics: readonly Metric[];
  readonly verdict: Verdict | undefined;
  readonly leaderboard: Omit<Leaderboard, "version"> | undefined;
  readonly report: Omit<ReportSummary, "version"> | undefined;
}

export type Champions = Readonly<Partial<Record<Alias, ModelVersion["id"]>>>;

export const versionRef = (version: ModelVersion, evidence: Evidence | undefined) => ({
  number: version.number,
  id: version.id,
  trainer: version.trainer,
  createdAt: version.createdAt,
  metric: evidence?.metrics[0] ?? null,
});

export const versionDetail = (
  version: ModelVersion,
  evidence: Evidence | undefined,
  all: readonly ModelVersion[],
  champions: Champions,
): VersionDetail => ({
  ...versionRef(version, evidence),
  aliases: (["champion", "challenger"] as const).filter((a) => champions[a] === version.id),
  metrics: [...(evidence?.metrics ?? [])],
  verdict: evidence?.verdict ?? null,
  dataset: version.dataset,
  code: version.code,
  onnx: version.onnx,
  parent: all.find((v) => v.id === version.parent)?.number ?? null,
  seed: version.seed,
  params:
    version.params !== null && typeof version.params === "object" && !Array.isArray(version.params)
      ? { ...version.params }
      : {},
  environment: { ...version.environment },
  runId: version.runId,
});

export const moveView = (
  move: AliasMove,
  all: readonly ModelVersion[],
  verdict: Verdict | undefined,
): AliasMoveView => {
  const numberOf = (id: string | undefined) => all.find((v) => v.id === id)?.number ?? null;
  return {
    alias: move.alias,
    version: numberOf(move.version),
    previous: numberOf(move.previous),
    reason: move.reason,
    verdict: verdict ?? null,
    runId: move.runId ?? null,
    at: move.at,
  };
};
