import type { Pipeline } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import type { Divided, DivideInput } from "../families/divide.ts";
import type { ChunkResult, FamilyFiles, LevelTask, ModelFile } from "../families/family.ts";
import type { FitChunkInput } from "../families/fit-chunk.ts";
import type { JudgedMember } from "../families/judge-level.ts";
import type { FamilyVersion } from "../families/members.ts";
import { type Digest, digestOfJson } from "../lib/digest.ts";
import { getJson } from "../storage/json-blob.ts";
import type { Platform } from "./platform.ts";
import { memberVersionId } from "./register-members.ts";
import type { ReproduceOutcome } from "./reproduce.ts";
import { reproduction } from "./reproduction.ts";

export interface ReproduceMemberInput {
  /** The family, for queues and pages. */
  readonly model: string;
  readonly member: string;
  /** Of the member; the one in service when left out. */
  readonly number?: number;
}

/**
 * Trains a member once more by itself: its rows of the recorded data, with the recorded parents, features and candidates; and says whether its
 * file is the same. Changes nothing that is served.
 */
export const reproduceMember = (
  platform: Platform,
): Pipeline<ReproduceMemberInput, ReproduceOutcome> => ({
  name: "reproduce-member",
  async run(steps, input) {
    const { member: name } = input;
    const known = await steps.step("look up", () => lookUp(platform, input));
    const { level, task } = known;
    const divided = await steps.step("divide", async (step) => {
      const { spec, levels, enough } = await getJson<LevelTask>(platform.blobs, task);
      const division: DivideInput = { spec, levels, enough, data: known.data, only: [name] };
      return platform.compute.run<Divided>("family: divide", division, step);
    });
    const { chunks, count } = divided.levels[level]!;
    if (count !== 1)
      throw new MillwrightError("internal", `${name} has no rows in the data it was made from.`);
    const fitted = await steps.step("fit", (step) => {
      const chunk: FitChunkInput = { task, chunks, index: 0 };
      return platform.compute.run<Digest>("family: chunk", chunk, step);
    });
    return steps.step("judge", async () => {
      const { members } = await getJson<ChunkResult>(platform.blobs, fitted);
      const again = members[0]!;
      const metric = known.loss.name;
      const judged = reproduction({
        sameBytes: again.model !== undefined && sameFile(again.model.file, known.file),
        recorded: [known.loss],
        again: again.model === undefined ? [] : [{ name: metric, value: again.loss }],
        ...{ was: known.was, now: known.now },
      });
      return { ...judged, model: name, number: known.number, decision: judged.summary };
    });
  },
});

const sameFile = (a: ModelFile, b: ModelFile): boolean => digestOfJson(a) === digestOfJson(b);

/** The training that made a version of a member, and what came of it. */
async function lookUp(
  platform: Pick<
    Platform,
    "families" | "serving" | "blobs" | "datasets" | "project" | "environment"
  >,
  { model: family, member: name, number: wanted }: ReproduceMemberInput,
) {
  const history = await platform.serving.routeHistory(name, 1000);
  const versions = history.flatMap(({ route }) => route?.champion ?? []);
  const found =
    wanted === undefined
      ? history[0]?.route?.champion
      : versions.find(({ number }) => number === wanted);
  if (!found) throw new MillwrightError("not_found", noVersion(name, versions, wanted));
  const { id, number, onnx, over } = found;
  const file: ModelFile = { onnx, ...(over ? { over } : {}) };
  const made = (version: FamilyVersion) => memberVersionId(version, { name, file }) === id;
  const training = (await platform.families.versions(family, MOST)).find(made);
  const files = training && (await getJson<FamilyFiles>(platform.blobs, training.files));
  if (!training || !files?.tasks)
    throw new MillwrightError(
      "unsupported",
      `Version ${number} of ${name} cannot be made again: it was trained before what that takes was kept. Train it anew: millwright train ${family} --members ${name}`,
    );
  const results = await getJson<readonly JudgedMember[]>(platform.blobs, training.results);
  const judged = results.find((result) => result.name === name)!;
  const { code, definition } = await platform.project();
  const { dataset } = definition.models[family] ?? { dataset: family };
  const { data } = await platform.datasets.find(dataset, training.dataset);
  const { task } = files.spec;
  return {
    ...{ number, file, data, level: judged.level, task: files.tasks[judged.level]! },
    loss: { name: task === "binary" ? "log loss" : "squared error", value: judged.loss },
    was: { code: training.code, environment: training.environment ?? {} },
    now: { code, environment: platform.environment },
  };
}

/** Trainings of a family that are looked through. */
const MOST = 10_000;

function noVersion(
  name: string,
  versions: readonly { readonly number: number }[],
  wanted: number | undefined,
): string {
  const numbers = [...new Set(versions.map(({ number }) => number))].sort((a, b) => a - b);
  return numbers.length === 0
    ? `${name} has no model of its own: its parent answers, so there is nothing to make again.`
    : `${name} has no version ${wanted ?? "in service"}; it had ${numbers.join(", ")}.`;
}
