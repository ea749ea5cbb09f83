import type { DatasetVersion } from "../datasets/dataset-version.ts";
import type { ModelFile } from "../families/family.ts";
import type { JudgedMember } from "../families/judge-level.ts";
import type { FamilyMember, FamilyVersion } from "../families/members.ts";
import type { Compared } from "../families/predecessor.ts";
import { crashPoint } from "../lib/crash-point.ts";
import { type Digest, digestOfJson } from "../lib/digest.ts";
import type { RowFields } from "../serving/route.ts";
import { getJson } from "../storage/json-blob.ts";
import type { Platform } from "./platform.ts";
import { rowFieldsOf } from "./row-fields.ts";
import type { TrainedMembers } from "./train-members.ts";

export interface RegisterMembersInput {
  readonly family: string;
  readonly runId: string;
  readonly data: DatasetVersion;
  readonly code: Digest;
  readonly champion: Digest;
  readonly plan: Pick<FamilyVersion, "levels" | "enough">;
  readonly trained: TrainedMembers;
  /** The training whose other members stay as they are. */
  readonly under: Digest | undefined;
  readonly startedAt: number;
}

export interface RegisteredFamily {
  readonly version: Digest;
  readonly number: number;
  /** Members that have a model of their own now. */
  readonly standing: number;
  /** Whose model is another one than before, and whose has gone. */
  readonly changed: number;
  readonly removed: number;
  /** Whose model in service was shown to be better than the new one. */
  readonly stayed: number;
}

/** Keeps a training of a family, and puts its members into service: versions, routes and event in one transaction. Safe to repeat. */
export async function registerMembers(
  platform: Pick<Platform, "transact" | "project" | "blobs" | "clock" | "environment">,
  input: RegisterMembersInput,
): Promise<RegisteredFamily> {
  const { family, data, code, champion, plan, trained, under, runId } = input;
  const judged = await getJson<readonly JudgedMember[]>(platform.blobs, trained.results);
  const beside = await getJson<Readonly<Record<string, Compared>>>(
    platform.blobs,
    trained.compared,
  );
  const { definition } = await platform.project();
  const fields = rowFieldsOf(definition, family, data.schema);
  const at = platform.clock.now();
  const { files, results, levels, rows, testRows, computeSeconds } = trained;
  const seconds = (at - input.startedAt) / 1000;
  const made = { family, dataset: data.id, code, champion, files, results };
  return platform.transact(async ({ families, serving, announce }) => {
    const version = await families.addVersion({
      ...{ id: digestOfJson(made), ...made, runId, ...plan, createdAt: at },
      ...(under === undefined ? {} : { parent: under }),
      summary: { levels, rows, testRows, seconds, computeSeconds },
      environment: platform.environment,
    });
    const known = new Map((await families.members(family)).map((m) => [m.name, m]));
    const members = judged.map((member) =>
      asMember(member, {
        version,
        known: known.get(member.name),
        compared: beside[member.name],
        at,
      }),
    );
    await families.putMembers(family, members);
    const gone =
      under === undefined
        ? await families.removeMembersBut(
            family,
            // Those that could not be trained stay as they were.
            [...members.map(({ name }) => name), ...trained.failed],
          )
        : [];
    crashPoint("register-members:kept");
    const isNew = ({ name, version }: FamilyMember) =>
      version !== null && known.get(name)?.version?.id !== version.id;
    const changed = members.filter(isNew);
    const fallen = members.filter(
      ({ name, version }) => version === null && (known.get(name)?.version ?? null) !== null,
    );
    const removed = [
      ...fallen.map(({ name }) => name),
      ...gone.filter((name) => (known.get(name)?.version ?? null) !== null),
    ];
    const reason = `training ${version.number} of the family`;
    await serving.setRoutes(
      changed.map(({ name, version }) => ({
        ...{ model: name, champion: version!, shadow: undefined, fallback: [family] },
        ...{ fields: { ...fields, levels: undefined }, reason, by: runId },
      })),
    );
    await serving.removeRoutes(removed, reason);
    const route = await serving.route(family);
    if (route && digestOfJson(plain(route.fields)) !== digestOfJson(plain(fields)))
      await serving.setRoute({ ...route, fields, reason, by: runId });
    const standing = members.filter(({ stands }) => stands).length;
    const payload = { version: version.number, members: members.length, standing };
    await announce("family.trained", family, payload, at);
    return {
      ...{ version: version.id, number: version.number, standing },
      ...{ changed: changed.length, removed: removed.length },
      stayed: judged.filter((member) => stays(member, known.get(member.name), beside[member.name]))
        .length,
    };
  });
}

function asMember(
  judged: JudgedMember,
  of: {
    readonly version: FamilyVersion;
    readonly known: FamilyMember | undefined;
    readonly compared: Compared | undefined;
    readonly at: number;
  },
): FamilyMember {
  const { version: training, known, compared, at } = of;
  const { name, level, values, stands, rows, testRows, candidate, model, tried, q } = judged;
  if (stays(judged, known, compared))
    return { ...known!, reason: `training ${training.number}: ${compared!.words}` };
  const id = stands ? memberVersionId(training, { name, file: model!.file }) : undefined;
  const before = known?.version ?? null;
  const number = before?.id === id ? before?.number : (before?.number ?? 0) + 1;
  return {
    ...{ name, level, values, stands, rows, testRows, candidate, tried, q },
    ...{ loss: finite(judged.loss), reference: judged.reference },
    ...{ parentLoss: finite(judged.parentLoss) },
    reason: judged.reason ?? (before?.id === id ? known?.reason : compared?.words) ?? null,
    version:
      id === undefined
        ? null
        : { id, number: number!, ...model!.file, background: model!.background },
    ...{ bytes: stands ? model!.bytes : null, training: training.id, trainedAt: at, watched: null },
  };
}

/** What a version of a member is called: the digest of its file and of what that was made from. */
export const memberVersionId = (
  { family, dataset, code }: Pick<FamilyVersion, "family" | "dataset" | "code">,
  { name, file }: { readonly name: string; readonly file: ModelFile },
): Digest => digestOfJson({ family, name, file, dataset, code });

/** The version in service was shown to be better than the new one, and is still in service. */
const stays = (
  { stands }: JudgedMember,
  known: FamilyMember | undefined,
  compared: Compared | undefined,
): boolean => stands && compared?.stays === true && known?.version?.number === compared.number;

/** NaN: without test rows. */
const finite = (loss: number | null): number | null =>
  loss === null || Number.isNaN(loss) ? null : loss;

/** As the database has it: without what is not said. */
const plain = (fields: RowFields): unknown => JSON.parse(JSON.stringify(fields));
