import {
  eachOnce,
  listText,
  type Registration,
  registrationsIn,
  VERSIONS_TAG,
} from "../../tracking/logged-models/registrations.ts";
import { doesNotExist, invalidParameter } from "../../tracking/mlflow/errors.ts";
import { checkRunId, checkTag } from "./names.ts";
import {
  isPrompt,
  type ModelTag,
  PROMPT_TAG,
  PROMPT_TEXT_TAG,
  PROMPT_TYPE_TAG,
  type RegisteredVersion,
} from "./registered-model.ts";
import type { RegisteredDeps, RegisteredParts } from "./store.ts";
import {
  checkRemoteSource,
  isInside,
  localPath,
  notInside,
  readModelUri,
} from "./version-source.ts";
import { modelNotFound } from "./wire.ts";

export interface VersionRequest {
  readonly name: string;
  readonly source: string;
  readonly runId: string;
  readonly runLink: string;
  readonly description: string;
  /** Of a logged model: m-… */
  readonly modelId: string;
  readonly tags: readonly ModelTag[];
}

/**
 * A client registers a version: of files a run wrote, of a logged model, of another version, or of a prompt. In one transaction
 * it gets the model's next number, the logged model learns of it, webhooks are told, and `version.registered` is in the event
 * log, from which it is adopted when we can serve it.
 */
export async function registerVersion(
  deps: RegisteredDeps,
  request: VersionRequest,
): Promise<RegisteredVersion> {
  for (const tag of request.tags) checkTag(tag);
  checkRunId(request.runId);
  const prompt = isPrompt(request.tags);
  if (prompt) checkPromptSource(request.source);
  else await checkSource(deps, request);
  const at = deps.clock.now();
  return deps.transact(async (parts) => {
    const from = prompt ? undefined : await resolve(parts, request);
    const { name: model, source, runLink, description, tags } = request;
    const runId = request.runId || (from?.runId ?? "");
    const loggedModel = from?.loggedModel;
    const location = from?.location ?? source;
    const number = await parts.registered.addVersion({
      ...{ model, source, location, runId, runLink, loggedModel, description, tags, at },
    });
    if (number === undefined) throw modelNotFound(model);
    if (loggedModel !== undefined && request.modelId !== "")
      await noteRegistration(parts, loggedModel, { name: model, version: number });
    await tell(parts, request, { number, runId, at });
    // Last: all appends wait for each other until their transactions end.
    if (!prompt) {
      const payload = { number, source, loggedModel: loggedModel ?? null, runId: runId || null };
      await parts.announce("version.registered", model, payload, at);
    }
    return (await parts.registered.version(model, number))!;
  });
}

interface Resolved {
  readonly location: string;
  readonly runId?: string | undefined;
  readonly loggedModel?: string | undefined;
}

/** Where the files of the version are, followed through other versions and logged models. */
async function resolve(parts: RegisteredParts, request: VersionRequest): Promise<Resolved> {
  const { source, modelId } = request;
  const uri = readModelUri(source);
  const missing = (why: string) =>
    doesNotExist(
      `Unable to fetch model from model URI source artifact location '${source}'. ${why}`,
    );
  const id = uri?.kind === "logged" ? uri.id : modelId;
  const logged = id === "" ? undefined : await parts.loggedModels.get(id);
  if (id !== "" && !logged) throw missing(`Logged model with ID '${id}' not found.`);
  const origin = { runId: logged?.sourceRun, loggedModel: logged && id };
  if (!uri) return { location: source, ...origin };
  if (uri.kind === "logged") return { location: logged!.artifactUri, ...origin };
  const number =
    uri.kind === "version"
      ? uri.number
      : (await parts.registered.alias(uri.model, uri.alias))?.number;
  const copied =
    number === undefined ? undefined : await parts.registered.version(uri.model, number);
  if (!copied) throw missing("There is no such model version.");
  const { location, runId, loggedModel } = copied;
  return { location, runId, loggedModel: origin.loggedModel ?? loggedModel };
}

/** A client must not make others read files of this machine, or of theirs, that its run or model did not write. */
async function checkSource(deps: RegisteredParts, request: VersionRequest): Promise<void> {
  const { source, runId, modelId } = request;
  const path = localPath(source);
  if (path === undefined) {
    checkRemoteSource(source);
    return;
  }
  const field = modelId === "" ? "run_id" : "model_id";
  const folder =
    field === "model_id"
      ? (await deps.loggedModels.get(modelId))?.artifactUri
      : runId === ""
        ? undefined
        : await deps.runArtifacts(runId);
  const inside = folder === undefined ? undefined : localPath(folder);
  if (inside === undefined || !isInside(path, inside)) throw notInside(source, field);
}

/** A prompt's text is in its tags: its source is only a name. */
function checkPromptSource(source: string): void {
  if (/^file:/i.test(source) || source.startsWith("/"))
    throw invalidParameter(
      `Invalid prompt source: '${source}'. Local source paths are not allowed for prompts.`,
    );
  if (/^[a-z][a-z0-9+.-]*:/i.test(source)) checkRemoteSource(source);
}

/** The logged model's tag lists each of its registrations once. */
async function noteRegistration(
  { registered, loggedModels }: RegisteredParts,
  id: string,
  added: Registration,
): Promise<void> {
  await registered.lockLoggedModel(id);
  const known = (await loggedModels.get(id))?.tags.find(({ key }) => key === VERSIONS_TAG)?.value;
  const value = eachOnce(listText([...registrationsIn(known), added]));
  await loggedModels.setTags(id, [{ key: VERSIONS_TAG, value }]);
}

const HIDDEN: ReadonlySet<string> = new Set([PROMPT_TEXT_TAG, PROMPT_TAG, PROMPT_TYPE_TAG]);

async function tell(
  { webhooks }: RegisteredParts,
  request: VersionRequest,
  said: { readonly number: number; readonly runId: string; readonly at: number },
): Promise<void> {
  const { name, source, tags } = request;
  const version = String(said.number);
  const description = request.description || null;
  const tagged = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  if (!isPrompt(tags)) {
    const data = { name, version, source, run_id: said.runId || null, tags: tagged, description };
    await webhooks.tell("MODEL_VERSION.CREATED", data, said.at);
    return;
  }
  const template = tagged[PROMPT_TEXT_TAG] ?? null;
  const shown = Object.fromEntries(Object.entries(tagged).filter(([key]) => !HIDDEN.has(key)));
  const data = { name, version, template, tags: shown, description };
  await webhooks.tell("PROMPT_VERSION.CREATED", data, said.at);
}
