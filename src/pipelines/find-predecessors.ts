import type { FamilyFiles } from "../families/family.ts";
import { findWhole } from "../families/find-whole.ts";
import type { FamilyMember } from "../families/members.ts";
import type { Predecessor } from "../families/predecessor.ts";
import type { Digest } from "../lib/digest.ts";
import type { Profile } from "../stats/profile.ts";
import { getJson, putJson } from "../storage/json-blob.ts";
import type { TrainingSpec } from "../training/training-spec.ts";
import type { Platform } from "./platform.ts";

/**
 * What the members of the finest level that are trained now have in service: blob of `Predecessors`. null where nothing can be
 * compared honestly: rows that are in no order of time may have been learned from, or chosen by, by the one as well as by the other.
 */
export async function findPredecessors(
  platform: Pick<Platform, "blobs" | "datasets" | "families" | "project">,
  input: { readonly spec: TrainingSpec; readonly members: readonly string[] | undefined },
): Promise<Digest | null> {
  const { spec, members: only } = input;
  if (spec.split !== "time" || spec.time === undefined) return null;
  const standing = await platform.families.members(spec.model, { level: 0, stands: true });
  const wanted = only && new Set(only);
  const trainings = new Map<Digest, Promise<Learned>>();
  const entries: [string, Predecessor][] = [];
  for (const member of standing) {
    if (member.version === null || wanted?.has(member.name) === false) continue;
    if (!trainings.has(member.training))
      trainings.set(member.training, learnedBy(platform, spec, member.training));
    entries.push([member.name, predecessorOf(member, await trainings.get(member.training)!)]);
  }
  return entries.length === 0 ? null : putJson(platform.blobs, Object.fromEntries(entries));
}

/** The latest row of a training, seconds since 1970; or why its members cannot be asked about rows of today. */
type Learned = { readonly after: number } | { readonly because: string };

async function learnedBy(
  { blobs, datasets, families, project }: Parameters<typeof findPredecessors>[0],
  spec: TrainingSpec,
  training: Digest,
): Promise<Learned> {
  const version = (await families.version(training))!;
  const { files } = await findWhole(families, training);
  const { spec: former } = await getJson<FamilyFiles>(blobs, files);
  if (questionOf(former) !== questionOf(spec))
    return { because: "that was learned from other columns, or for another question" };
  const { dataset } = (await project()).definition.models[spec.model]!;
  const { profile } = await datasets.find(dataset, version.dataset);
  const { columns } = await getJson<Profile>(blobs, profile);
  const times = columns[spec.time!];
  return times?.type === "time"
    ? { after: times.moments.max }
    : { because: "it is not known until when that was learned from" };
}

const questionOf = ({ task, target, classes, columns, time, split }: TrainingSpec): string =>
  JSON.stringify([
    task,
    target,
    classes,
    time,
    split,
    columns.map(({ name, role }) => [name, role]),
  ]);

function predecessorOf({ version, watched }: FamilyMember, learned: Learned): Predecessor {
  const { number, onnx, over } = version!;
  if (watched?.failing) return { number, because: "that had become worse" };
  if ("because" in learned) return { number, because: learned.because };
  return { number, file: { onnx, ...(over ? { over } : {}) }, after: learned.after };
}
