import type { Digest } from "../../lib/digest.ts";
import type { Removed } from "../../storage/artifacts/artifacts.ts";
import type { Uploads } from "../../storage/artifacts/uploads.ts";
import type { Blobs } from "../../storage/blobs/blobs.ts";
import { type LocateDeps, type Located, locateArtifacts } from "../artifacts/locate-artifacts.ts";
import { type Collected, folderOfOwner, type Owner } from "./owner.ts";
import type { GarbageStore } from "./store.ts";

export interface GarbageDeps {
  readonly garbage: GarbageStore;
  readonly located: LocateDeps;
  readonly uploads: Uploads;
  /** Of artifacts alone. */
  readonly blobs: Blobs;
  /** Wherever something may have been left half written. */
  readonly stores: readonly Pick<Blobs, "tidy">[];
  /** A registered version that lives on the files of a run or model: `spam 3`. */
  versionFrom(owner: Owner): Promise<string | undefined>;
}

export interface GarbageInput {
  readonly now: number;
  /** What was deleted longer ago goes. */
  readonly olderThanMs: number;
  /** Only says what would go. */
  readonly dryRun: boolean;
}

const DAY = 86_400_000;
const BATCH = 1000;

/**
 * Removes for good what was deleted long ago: files first, so that whatever this dies in, the next call finds the rest. Contents go
 * when no artifact has had them for a day, nobody has put them for a day, and nothing mentions them: within that time whoever puts or
 * reads one may still be about to refer to it.
 */
export async function collectGarbage(deps: GarbageDeps, input: GarbageInput): Promise<Collected> {
  const { garbage, located, uploads, versionFrom } = deps;
  const { now, olderThanMs, dryRun } = input;
  const before = now - olderThanMs;
  const kept: { what: string; why: string }[] = [];
  const staying: string[] = [];
  const gone = { run: 0, model: 0, experiments: 0, files: 0, bytes: 0 };
  const drop = async (uri: string): Promise<void> => {
    const { artifacts, path } = await locateArtifacts(located, uri);
    const { files, bytes }: Removed = await artifacts[dryRun ? "measure" : "remove"](path);
    gone.files += files;
    gone.bytes += bytes;
  };

  // Models first: a run's experiment goes only when none of either is left.
  for (const kind of ["model", "run"] as const)
    for (const owner of await garbage.owners(kind, before)) {
      const what = `${kind} ${owner.id}`;
      const version = await versionFrom(owner);
      if (version !== undefined) {
        kept.push({ what, why: `registered version ${version} comes from it` });
        staying.push(owner.id);
        continue;
      }
      const folder = folderOfOwner(owner);
      const files = async (): Promise<void> => {
        if (folder === undefined || !(await reaches(located, folder)))
          kept.push({ what: `files of ${what}`, why: `${owner.artifactUri} is not kept here` });
        else await drop(folder);
      };
      if (dryRun) await files();
      else if (!(await garbage.remove(owner, before, files))) continue;
      gone[kind] += 1;
    }

  for (const { id, artifactUri, traces } of await garbage.emptyExperiments(
    before,
    dryRun ? staying : undefined,
  )) {
    const files = async (): Promise<void> => {
      if (!(await reaches(located, artifactUri))) return;
      for (const trace of traces) await drop(`${artifactUri}/traces/${trace}`);
    };
    if (dryRun) await files();
    else if (!(await garbage.removeExperiment(id, before, files))) continue;
    gone.experiments += 1;
  }

  const { run: runs, model: models, ...rest } = gone;
  const swept = dryRun ? 0 : await uploads.sweep(now - 7 * DAY);
  return { runs, models, ...rest, uploads: swept, blobs: await sweepBlobs(deps, input), kept };
}

async function sweepBlobs(deps: GarbageDeps, { now, dryRun }: GarbageInput): Promise<number> {
  const { garbage, blobs, stores } = deps;
  const before = now - DAY;
  if (!dryRun) {
    for (const store of stores) await store.tidy(before);
    await garbage.forgetUsed();
    let batch: Digest[] = [];
    for await (const digest of blobs.list()) {
      batch.push(digest);
      if (batch.length < BATCH) continue;
      await garbage.noteOrphans(batch);
      batch = [];
    }
    await garbage.noteOrphans(batch);
  }
  const unused = await garbage.unused(before);
  if (unused.length === 0) return 0;
  const mentioned = await garbage.mentioned(unused);
  let swept = 0;
  for (const digest of unused) {
    if (mentioned.has(digest)) continue;
    const went = dryRun || (await garbage.forget(digest, () => blobs.deleteOld(digest, before)));
    if (went) swept += 1;
  }
  return swept;
}

/** Whether this server keeps what lies there: what it does not, it leaves to whoever does. */
async function reaches(located: LocateDeps, uri: string): Promise<boolean> {
  return locateArtifacts(located, uri).then(
    ({ path }: Located) => path !== "",
    () => false,
  );
}
