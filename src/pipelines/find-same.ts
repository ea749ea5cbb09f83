import type { Digest } from "../lib/digest.ts";
import type { ListedVersion } from "../registry/model-version.ts";
import type { Platform } from "./platform.ts";

export interface SameRun {
  readonly run: string;
  readonly version: Digest;
  readonly number: number;
}

/**
 * An earlier training that did what this one would do: of the same fingerprint, and judged against the champion of today (or its
 * version is that champion). Only one whose version is still there.
 */
export async function findSame(
  { tracking, registry }: Pick<Platform, "tracking" | "registry">,
  input: {
    readonly model: string;
    readonly fingerprint: string;
    readonly champion: Digest | undefined;
  },
): Promise<SameRun | null> {
  const runs = await tracking.own.same(input.fingerprint);
  if (runs.length === 0) return null;
  const versions = await registry.versions(input.model);
  const stands = ({ id, parent, report }: ListedVersion) =>
    report !== undefined && (id === input.champion || parent === input.champion);
  for (const run of runs) {
    const version = versions.find(({ runId }) => runId === run);
    if (version && stands(version)) return { run, version: version.id, number: version.number };
  }
  return null;
}
