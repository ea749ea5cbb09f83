import type { AliasMoveView, VersionDetail } from "../../sdk/src/contract/models.ts";
import type { AliasMove } from "./alias-move.ts";
import { type Evidence, keptVerdict } from "./evidence.ts";
import type { Alias, ListedVersion } from "./model-version.ts";

export type Champions = Readonly<Partial<Record<Alias, ListedVersion["id"]>>>;

export const versionRef = (version: ListedVersion, evidence: Evidence | undefined) => ({
  number: version.number,
  id: version.id,
  trainer: version.trainer,
  createdAt: version.createdAt,
  metric: evidence?.metrics[0] ?? null,
});

export const versionDetail = (
  version: ListedVersion,
  evidence: Evidence | undefined,
  all: readonly ListedVersion[],
  champions: Champions,
): VersionDetail => ({
  ...versionRef(version, evidence),
  aliases: (["champion", "challenger"] as const).filter((a) => champions[a] === version.id),
  metrics: [...(evidence?.metrics ?? [])],
  verdict: evidence?.verdict ?? null,
  dataset: version.dataset ?? null,
  code: version.code ?? null,
  onnx: version.onnx,
  parent: all.find((v) => v.id === version.parent)?.number ?? null,
  seed: version.seed,
  params:
    version.params !== null && typeof version.params === "object" && !Array.isArray(version.params)
      ? { ...version.params }
      : {},
  environment: { ...version.environment },
  runId: version.runId ?? null,
  abstain: version.abstain
    ? {
        kind: version.abstain.kind,
        promise:
          version.abstain.kind === "precision" ? version.abstain.target : version.abstain.coverage,
        answered: evidence?.abstention?.answered ?? null,
        words: evidence?.abstention?.words ?? null,
      }
    : null,
  background: version.background !== undefined,
  origin: version.origin ? { ...version.origin, notes: [...version.origin.notes] } : null,
});

export const moveView = (move: AliasMove, all: readonly ListedVersion[]): AliasMoveView => {
  const numberOf = (id: string | undefined) => all.find((v) => v.id === id)?.number ?? null;
  return {
    alias: move.alias,
    version: numberOf(move.version),
    previous: numberOf(move.previous),
    reason: move.reason,
    verdict: keptVerdict(move.verdict) ?? null,
    runId: move.runId ?? null,
    at: move.at,
  };
};
