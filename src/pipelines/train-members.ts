import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { FanOutResult, Steps } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { Divided, DivideInput } from "../families/divide.ts";
import {
  type Chunk,
  type ChunkResult,
  type FamilyFiles,
  type LevelTask,
  PARTS,
  type Parent,
} from "../families/family.ts";
import type { FitChunkInput } from "../families/fit-chunk.ts";
import type { FitSharedInput } from "../families/fit-shared.ts";
import { type JudgedMember, judgeLevel } from "../families/judge-level.ts";
import type { LevelSummary } from "../families/members.ts";
import { summaryOf } from "../families/summary.ts";
import type { Digest } from "../lib/digest.ts";
import { getJson, putJson } from "../storage/json-blob.ts";
import type { Candidate, TrainingSpec } from "../training/training-spec.ts";
import type { FamilyPlan } from "./family-plan.ts";
import type { Platform } from "./platform.ts";

export interface MembersInput {
  readonly steps: Steps;
  readonly spec: TrainingSpec;
  readonly data: DatasetVersion;
  readonly family: FamilyPlan;
  /** How the model that everybody shares is made. */
  readonly shared: Candidate;
  /** What answers for it. */
  readonly champion: Digest;
  /** Blob of `Predecessors`: what members of the finest level have in service. */
  readonly predecessors: Digest | null;
  /** Some members only, under the parents of an earlier training. */
  readonly some?: { readonly names: readonly string[]; readonly files: Digest };
}

export interface TrainedMembers {
  /** Blob of `FamilyFiles`. */
  readonly files: Digest;
  /** Blob of `JudgedMember[]`. */
  readonly results: Digest;
  /** Blob of `Compared` by member: what was found beside the versions in service. */
  readonly compared: Digest;
  readonly levels: readonly LevelSummary[];
  /** Names of the members whose chunk could not be trained. */
  readonly failed: readonly string[];
  readonly rows: number;
  readonly testRows: number;
  readonly computeSeconds: number;
}

/**
 * The members of a family, level by level from the coarsest: the rows are cut into chunks, each a run of its own, and of each level
 * those stand on their own that are shown to be better than what is above them.
 */
export async function trainMembers(
  platform: Platform,
  input: MembersInput,
): Promise<TrainedMembers> {
  const { steps, spec, data, family, some, predecessors } = input;
  const { levels, enough, trainers, proof, pooling } = family;
  const { blobs, compute } = platform;
  const [divided, above] = await Promise.all([
    steps.step("family: divide", (step) => {
      const division: DivideInput = { spec, data: data.data, levels, enough, only: some?.names };
      return compute.run<Divided>("family: divide", division, step);
    }),
    some
      ? steps.step("family: parents", () => getJson<FamilyFiles>(blobs, some.files))
      : sharedFiles(platform, input),
  ]);
  const top: FamilyFiles = { base: divided.base, ...above };
  const results: Digest[] = [];
  const summaries: LevelSummary[] = [];
  const failed: string[] = [];
  const tasks: Digest[] = [];
  let { parents } = top;
  let computeSeconds = 0;
  for (let level = levels.length - 1; level >= 0; level--) {
    const { chunks, count } = divided.levels[level]!;
    const task = await steps.step(`family: level ${level}`, () => {
      const shared: LevelTask = {
        ...{ spec: top.spec, levels, level, enough, trainers, proof, pooling },
        ...{ base: top.base, global: top.global, parents },
        refit: spec.split === "time",
      };
      return putJson(blobs, shared);
    });
    tasks.unshift(task);
    const inputs = Array.from({ length: count }, (_, index): FitChunkInput => {
      // Those below a member were compared with its new version, so that one answers.
      const beside = level === 0 && predecessors ? { predecessors } : {};
      return { task, chunks, index, ...beside };
    });
    const fitted =
      count === 0 ? [] : await steps.fanOut<Digest>(`level ${level}`, "family-chunk", inputs);
    const judged = await steps.step(`family: judge level ${level}`, async () => {
      const done = fitted.flatMap((result) => (result.ok ? [result.value] : []));
      const errors = fitted.flatMap((result) => (result.ok ? [] : [result.error.message]));
      if (done.length === 0 && errors.length > 0)
        throw new MillwrightError("internal", `No member could be trained: ${errors[0]}`);
      const read = await inTurn(done, (digest) => getJson<ChunkResult>(blobs, digest));
      const members = judgeLevel(
        read.flatMap((chunk) => chunk.members),
        proof,
      );
      return {
        members: await putJson(blobs, members),
        summary: summaryOf(members, {
          ...{ columns: levels[level]!, members: divided.members[level]! },
          thin: divided.thin[level]!,
        }),
        parents: parentsOf(members),
        fallen: members.flatMap(({ name, stands }) => (stands ? [] : [name])),
        failed: await namesOfFailed(blobs, chunks, fitted),
        seconds: read.reduce((sum, chunk) => sum + chunk.seconds, 0),
      };
    });
    computeSeconds += judged.seconds;
    results.push(judged.members);
    summaries.unshift(judged.summary);
    // Who stood in an earlier training and stands no more stands in for nobody.
    const kept = Object.entries(parents).filter(([name]) => !judged.fallen.includes(name));
    parents = { ...Object.fromEntries(kept), ...judged.parents };
    failed.push(...judged.failed);
  }
  const kept = await steps.step("family: keep", async () => {
    const files: FamilyFiles = { ...top, parents, tasks };
    const all = await inTurn(results, (digest) => getJson<readonly JudgedMember[]>(blobs, digest));
    // Apart: the same training is the same version, whatever was in service before it.
    const found = all.flat().map(({ compared, ...result }) => ({ result, compared }));
    const beside = found.flatMap(({ result, compared }) =>
      compared ? [[result.name, compared] as const] : [],
    );
    return {
      files: await putJson(blobs, files),
      results: await putJson(
        blobs,
        found.map(({ result }) => result),
      ),
      compared: await putJson(blobs, Object.fromEntries(beside)),
    };
  });
  const { rows, testRows } = divided;
  return { ...kept, levels: summaries, failed, rows, testRows, computeSeconds };
}

/** The model that everybody shares, without each part and whole. */
function sharedFiles(
  platform: Pick<Platform, "compute">,
  { steps, spec, data, shared, champion }: MembersInput,
): Promise<Omit<FamilyFiles, "base">> {
  return steps.step("family: parents", async (step) => {
    let done = 0;
    const fit = async (part: number | null) => {
      const fit: FitSharedInput = { spec, data: data.data, candidate: shared, part };
      const file = await platform.compute.run<Digest>("family: shared", fit, {
        signal: step.signal,
      });
      step.progress(`the model that everybody shares: ${++done} of ${PARTS + 1} fits`);
      return file;
    };
    const fitted = await Promise.all([null, ...Array(PARTS).keys()].map(fit));
    const [whole, ...parts] = fitted.map((onnx) => ({ onnx }));
    return {
      spec,
      global: { whole: whole!, parts, served: { onnx: champion } },
      parents: {},
    };
  });
}

function parentsOf(members: readonly JudgedMember[]): Record<string, Parent> {
  const standing = members.flatMap(({ name, stands, model }) =>
    stands && model?.parent ? [[name, model.parent] as const] : [],
  );
  return Object.fromEntries(standing);
}

async function namesOfFailed(
  blobs: Pick<Platform["blobs"], "get">,
  chunks: Digest,
  fitted: readonly FanOutResult<Digest>[],
): Promise<string[]> {
  if (fitted.every(({ ok }) => ok)) return [];
  const all = await getJson<readonly Chunk[]>(blobs, chunks);
  return all.flatMap(({ members }, i) => (fitted[i]!.ok ? [] : members.map(({ name }) => name)));
}

/** One after the other: thousands of files at once are no faster. */
async function inTurn<A, B>(list: readonly A[], read: (one: A) => Promise<B>): Promise<B[]> {
  const all: B[] = [];
  for (const one of list) all.push(await read(one));
  return all;
}
