import { MillwrightError } from "../errors.ts";
import type { Levels } from "../families/family.ts";
import { namesOf } from "../families/member-name.ts";
import type { Digest } from "../lib/digest.ts";
import type { Signature } from "../onnx/signature.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import { type Sessions, sessions } from "../runtime/sessions.ts";
import { isUnloadable } from "../runtime/unloadable.ts";
import { type AnsweredRow, type AnswerRow, answerRows } from "../serving/answer.ts";
import { loadModel } from "../serving/load-model.ts";
import type { RoutedVersion } from "../serving/route.ts";
import { allProblems, invalidRows, knownFields, type RawRow, readRows } from "../serving/rows.ts";
import { type Speaker, speakersOf } from "../serving/speakers.ts";
import { answerWith } from "./answer-here.ts";
import type { Platform } from "./platform.ts";
import type { PredictWork } from "./works.ts";

type Deps = Pick<Platform, "blobs" | "runtime" | "serving" | "clock" | "registry">;

/**
 * What a model says of rows, as strict as the gateway: of a family each row by the nearest member that has a model, unless a version is
 * named. Nothing is logged. Throws `invalid_input`, `not_found`.
 */
export async function predictHere(
  deps: Deps,
  { model, rows, version: name }: PredictWork,
): Promise<Omit<AnswerRow, "id">[]> {
  const version = await deps.registry.find(model, name ?? "champion");
  if (!version)
    throw new MillwrightError(
      "not_found",
      `Model ${model} has no version "${name ?? "champion"}" to ask.`,
    );
  const { signature } = version;
  const fields = (await deps.serving.route(model))?.fields ?? {};
  const request = { signature, fields, rows, at: deps.clock.now() };
  const read = readRows(request, knownFields(signature, fields));
  const problems = allProblems(signature, read);
  if (problems.length > 0) throw invalidRows(problems);
  const loaded = sessions((file: Digest) => loadModel(deps, file));
  const levels = name === undefined ? fields.levels : undefined;
  const answered = await (levels === undefined
    ? answerWith(loaded, { version, rows: read.rows })
    : answerFamily(deps, { loaded, version, levels, rows: read.rows })
  ).finally(() => loaded.close());
  return answerRows({ model, rows: answered }).map(({ id: _, ...answer }) => answer);
}

type Member = RoutedVersion & { readonly model: string };

/** The model that everybody shares stands in for a member that cannot be loaded, as in a gateway. */
async function answerFamily(
  deps: Deps,
  input: {
    readonly loaded: Sessions<Signature>;
    readonly version: ModelVersion;
    readonly levels: Levels;
    readonly rows: readonly RawRow[];
  },
): Promise<AnsweredRow[]> {
  const { loaded, version, levels, rows } = input;
  const answered = new Array<AnsweredRow>(rows.length);
  for (const { speaker, level, rows: places } of await speakersHere(deps, input)) {
    const part = places.map((i) => rows[i]!);
    const shared = () => answerWith(loaded, { version, rows: part, level: levels.length });
    const said =
      speaker === undefined
        ? await shared()
        : await answerWith(loaded, { version: speaker, rows: part, level }).catch((error) => {
            if (isUnloadable(error)) return shared();
            throw error;
          });
    for (const [i, place] of places.entries()) answered[place] = said[i]!;
  }
  return answered;
}

async function speakersHere(
  { serving }: Deps,
  {
    version: { model },
    levels,
    rows,
  }: Pick<Parameters<typeof answerFamily>[1], "version" | "levels" | "rows">,
): Promise<Speaker<Member>[]> {
  const names = rows.flatMap((row) => namesOf(model, levels, (column) => row[column]));
  const known = new Set(names.filter((name) => name !== undefined));
  const members = new Map<string, Member>();
  for (const { model: member, champion } of await serving.routesOf([...known]))
    if (champion !== undefined) members.set(member, { ...champion, model: member });
  const cell = (i: number, column: string) => rows[i]![column];
  return speakersOf((name) => members.get(name), { model, levels }, { count: rows.length, cell });
}
