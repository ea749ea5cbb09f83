import { z } from "zod";
import type { HttpRoute } from "../../http/http.ts";
import { invalidParameter, mlflowError } from "../../tracking/mlflow/errors.ts";
import { absent, boolean, list, text } from "../../tracking/mlflow/fields.ts";
import { omitEmpty } from "../../tracking/mlflow/omit-empty.ts";
import { type Rpc, rpc, rpcRoutes } from "../../tracking/mlflow/rpc.ts";
import { parseFilter } from "../../tracking/search/filter.ts";
import { MODEL_VERSIONS, REGISTERED_MODELS } from "../../tracking/search/kinds.ts";
import { parseOrder } from "../../tracking/search/order.ts";
import { maxResults, positionOf, tokenAfter } from "../../tracking/search/page.ts";
import { deleteAlias } from "./delete-alias.ts";
import { deleteModel } from "./delete-model.ts";
import { deleteVersion } from "./delete-version.ts";
import { checkAlias, checkModelName, checkTag, checkTagKey, versionNumber } from "./names.ts";
import { registerVersion } from "./register-version.ts";
import {
  ACTIVE_STAGES,
  canonicalStage,
  isPrompt,
  PROMPT_TAG,
  PROMPT_TYPE_TAG,
} from "./registered-model.ts";
import { renameModel } from "./rename-model.ts";
import { modelColumns, versionColumns } from "./search/registered-statement.ts";
import type { RegisteredSearchStore } from "./search/store.ts";
import { setAlias } from "./set-alias.ts";
import type { RegisteredDeps } from "./store.ts";
import { modelNotFound, modelWire, versionNotFound, versionWire } from "./wire.ts";

const name = text(1);
/** As text, the way the protocol has it, or as the number it is. */
const version = z.union([z.string().min(1), z.number()]).transform(versionNumber);
const tags = list(z.object({ key: text(1), value: absent(text()) })).transform((given) =>
  given.map(({ key, value = "" }) => ({ key, value })),
);
const searched = {
  filter: absent(text()),
  order_by: list(text()),
  page_token: absent(text()),
};

/** Registered models. */
function modelCalls(deps: RegisteredDeps, search: RegisteredSearchStore): Rpc[] {
  const { registered, clock } = deps;
  const named = async (model: string) => {
    const found = await registered.model(model);
    if (found) return { body: { registered_model: modelWire(found) } };
    throw modelNotFound(model);
  };
  return [
    rpc({
      ...{ method: "POST", path: "/registered-models/create", summary: "a name for versions" },
      input: z.object({ name, tags, description: absent(text()) }),
      async handle({ name: model, tags, description = "" }) {
        checkModelName(model);
        for (const tag of tags) checkTag(tag);
        const at = clock.now();
        await deps.transact(async (parts) => {
          if (!(await parts.registered.createModel({ name: model, description, tags, at })))
            throw await taken(parts.registered, model, isPrompt(tags));
          const entity = isPrompt(tags) ? "PROMPT" : "REGISTERED_MODEL";
          const shown = tags.filter(({ key }) => key !== PROMPT_TAG && key !== PROMPT_TYPE_TAG);
          const tagged = Object.fromEntries(shown.map(({ key, value }) => [key, value]));
          const said = { name: model, tags: tagged, description: description || null };
          await parts.webhooks.tell(`${entity}.CREATED`, said, at);
        });
        return named(model);
      },
    }),
    rpc({
      ...{ method: "GET", path: "/registered-models/get", summary: "a registered model" },
      input: z.object({ name }),
      handle: ({ name: model }) => named(model),
    }),
    rpc({
      ...{ method: "PATCH", path: "/registered-models/update", summary: "its description" },
      input: z.object({ name, description: absent(text()) }),
      async handle({ name: model, description = "" }) {
        if (!(await registered.describeModel(model, description, clock.now())))
          throw modelNotFound(model);
        return named(model);
      },
    }),
    rpc({
      ...{ method: "POST", path: "/registered-models/rename", summary: "its name" },
      input: z.object({ name, new_name: text(1) }),
      async handle({ name: model, new_name: newName }) {
        const renamed = await renameModel(deps, { model, newName });
        return { body: { registered_model: modelWire(renamed) } };
      },
    }),
    rpc({
      ...{ method: "DELETE", path: "/registered-models/delete", summary: "with its versions" },
      input: z.object({ name }),
      async handle({ name: model }) {
        await deleteModel(deps, model);
        return {};
      },
    }),
    rpc({
      ...{ method: "GET", path: "/registered-models/search", summary: "models by filter" },
      input: z.object({ ...searched, max_results: maxResults(100, 1000) }),
      async handle({ filter, order_by, page_token, max_results: count }) {
        const wanted = {
          clauses: parseFilter(filter, REGISTERED_MODELS),
          order: parseOrder(order_by, REGISTERED_MODELS),
        };
        const given = [filter ?? "", order_by];
        const position = positionOf(page_token, given, modelColumns(wanted));
        const { items, next } = await search.models(wanted, { position, count });
        const registered_models = items.map(modelWire);
        return { body: omitEmpty({ registered_models, next_page_token: tokenAfter(next, given) }) };
      },
    }),
    rpc({
      method: ["POST", "GET"],
      ...{ path: "/registered-models/get-latest-versions", summary: "the newest of each stage" },
      input: z.object({ name, stages: list(text()) }),
      async handle({ name: model, stages }) {
        const wanted = stages.map(canonicalStage);
        const latest = await registered.latest(model);
        if (!latest) throw modelNotFound(model);
        const found = latest.filter(({ stage }) => wanted.length === 0 || wanted.includes(stage));
        return { body: omitEmpty({ model_versions: found.map(versionWire) }) };
      },
    }),
    rpc({
      ...{ method: "POST", path: "/registered-models/set-tag", summary: "a tag of a model" },
      input: z.object({ name, key: text(1), value: absent(text()) }),
      async handle({ name: model, key, value = "" }) {
        checkTag({ key, value });
        await deps.transact(async (parts) => {
          if (!(await parts.registered.setModelTag(model, { key, value })))
            throw modelNotFound(model);
          if (isPrompt((await parts.registered.tagsOf(model)) ?? []))
            await parts.webhooks.tell("PROMPT_TAG.SET", { name: model, key, value }, clock.now());
        });
        return {};
      },
    }),
    rpc({
      ...{ method: "DELETE", path: "/registered-models/delete-tag", summary: "a tag of a model" },
      input: z.object({ name, key: text(1) }),
      async handle({ name: model, key }) {
        checkTagKey(key);
        await deps.transact(async (parts) => {
          const before = await parts.registered.tagsOf(model);
          if (!before) throw modelNotFound(model);
          if ((await parts.registered.deleteModelTag(model, key)) && isPrompt(before))
            await parts.webhooks.tell("PROMPT_TAG.DELETED", { name: model, key }, clock.now());
        });
        return {};
      },
    }),
    rpc({
      ...{ method: "POST", path: "/registered-models/alias", summary: "an alias of a version" },
      input: z.object({ name, alias: text(1), version }),
      async handle({ name: model, alias, version: number }) {
        await setAlias(deps, { model, alias, number });
        return {};
      },
    }),
    rpc({
      ...{ method: "DELETE", path: "/registered-models/alias", summary: "takes an alias away" },
      input: z.object({ name, alias: text(1) }),
      async handle({ name: model, alias }) {
        await deleteAlias(deps, { model, alias });
        return {};
      },
    }),
    rpc({
      ...{ method: "GET", path: "/registered-models/alias", summary: "the version of an alias" },
      input: z.object({ name, alias: text(1) }),
      async handle({ name: model, alias }) {
        checkAlias(alias);
        const latest = await registered.latest(model);
        if (!latest) throw modelNotFound(model);
        const isLatest = alias.toLowerCase() === "latest";
        if (isLatest && latest.length === 0)
          throw mlflowError(
            "RESOURCE_DOES_NOT_EXIST",
            `Latest version not found for model ${model}.`,
          );
        const stands = isLatest ? latest[0] : await registered.alias(model, alias);
        const found = stands && (await registered.version(model, stands.number));
        if (!found) throw invalidParameter(`Registered model alias ${alias} not found.`);
        return { body: { model_version: versionWire(found) } };
      },
    }),
  ];
}

async function taken(
  registered: RegisteredDeps["registered"],
  model: string,
  wantsPrompt: boolean,
): Promise<Error> {
  const has = isPrompt((await registered.tagsOf(model)) ?? []);
  const kind = (prompt: boolean) => (prompt ? "Prompt" : "Registered Model");
  return mlflowError(
    "RESOURCE_ALREADY_EXISTS",
    has === wantsPrompt
      ? `${kind(has)} (name=${model}) already exists.`
      : `Tried to create a ${kind(wantsPrompt).toLowerCase()} with name '${model}', but the name is already taken by a ${kind(has).toLowerCase()}. MLflow does not allow creating a model and a prompt with the same name.`,
  );
}

/** Versions of registered models. */
function versionCalls(deps: RegisteredDeps, search: RegisteredSearchStore): Rpc[] {
  const { registered, clock } = deps;
  const found = async (model: string, number: number) => {
    const version = await registered.version(model, number);
    if (version) return version;
    throw versionNotFound(model, number);
  };
  const shown = async (model: string, number: number) => ({
    body: { model_version: versionWire(await found(model, number)) },
  });
  return [
    rpc({
      ...{ method: "POST", path: "/model-versions/create", summary: "a version of a model" },
      input: z.object({
        ...{ name, source: text(1), tags },
        ...{ run_id: absent(text()), run_link: absent(text()) },
        ...{ description: absent(text()), model_id: absent(text()) },
      }),
      async handle({ name: model, source, tags, run_id, run_link, description, model_id }) {
        checkModelName(model);
        const version = await registerVersion(deps, {
          ...{ name: model, source, tags, runId: run_id ?? "", runLink: run_link ?? "" },
          ...{ description: description ?? "", modelId: model_id ?? "" },
        });
        return { body: { model_version: versionWire(version) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: "/model-versions/get", summary: "a version" },
      input: z.object({ name, version }),
      handle: ({ name: model, version: number }) => shown(model, number),
    }),
    rpc({
      ...{ method: "PATCH", path: "/model-versions/update", summary: "its description" },
      input: z.object({ name, version, description: absent(text()) }),
      async handle({ name: model, version: number, description = "" }) {
        if (!(await registered.describeVersion(model, number, description, clock.now())))
          throw versionNotFound(model, number);
        return shown(model, number);
      },
    }),
    rpc({
      ...{ method: "DELETE", path: "/model-versions/delete", summary: "with its tags and aliases" },
      input: z.object({ name, version }),
      async handle({ name: model, version: number }) {
        await deleteVersion(deps, { model, number });
        return {};
      },
    }),
    rpc({
      ...{ method: "POST", path: "/model-versions/transition-stage", summary: "its stage" },
      input: z.object({
        ...{ name, version, stage: text(1), archive_existing_versions: absent(boolean()) },
      }),
      async handle({ name: model, version: number, stage: given, archive_existing_versions }) {
        const stage = canonicalStage(given);
        const archiveOthers = archive_existing_versions ?? false;
        if (archiveOthers && !ACTIVE_STAGES.includes(stage))
          throw invalidParameter(
            `Model version transition cannot archive existing model versions because '${given}' is not an Active stage. Valid stages are ${ACTIVE_STAGES.join(", ")}`,
          );
        const change = { number, stage, archiveOthers, at: clock.now() };
        if (!(await registered.setStage(model, change))) throw versionNotFound(model, number);
        return shown(model, number);
      },
    }),
    rpc({
      ...{
        method: "GET",
        path: "/model-versions/get-download-uri",
        summary: "where its files are",
      },
      input: z.object({ name, version }),
      async handle({ name: model, version: number }) {
        return { body: { artifact_uri: (await found(model, number)).location } };
      },
    }),
    rpc({
      ...{ method: "GET", path: "/model-versions/search", summary: "versions by filter" },
      input: z.object({ ...searched, max_results: maxResults(200_000, 200_000) }),
      async handle({ filter, order_by, page_token, max_results: count }) {
        const wanted = {
          clauses: parseFilter(filter, MODEL_VERSIONS),
          order: parseOrder(order_by, MODEL_VERSIONS),
        };
        const given = [filter ?? "", order_by];
        const position = positionOf(page_token, given, versionColumns(wanted));
        const { items, next } = await search.versions(wanted, { position, count });
        const model_versions = items.map(versionWire);
        return { body: omitEmpty({ model_versions, next_page_token: tokenAfter(next, given) }) };
      },
    }),
    rpc({
      ...{ method: "POST", path: "/model-versions/set-tag", summary: "a tag of a version" },
      input: z.object({ name, version, key: text(1), value: absent(text()) }),
      async handle({ name: model, version: number, key, value = "" }) {
        checkTag({ key, value });
        await deps.transact(async (parts) => {
          if (!(await parts.registered.setVersionTag(model, number, { key, value })))
            throw versionNotFound(model, number);
          const said = { name: model, version: String(number), key, value };
          await parts.webhooks.tell(
            await tagEvent(parts.registered, model, "SET"),
            said,
            clock.now(),
          );
        });
        return {};
      },
    }),
    rpc({
      ...{ method: "DELETE", path: "/model-versions/delete-tag", summary: "a tag of a version" },
      input: z.object({ name, version, key: text(1) }),
      async handle({ name: model, version: number, key }) {
        checkTagKey(key);
        await found(model, number);
        await deps.transact(async (parts) => {
          if (!(await parts.registered.deleteVersionTag(model, number, key))) return;
          const said = { name: model, version: String(number), key };
          const event = await tagEvent(parts.registered, model, "DELETED");
          await parts.webhooks.tell(event, said, clock.now());
        });
        return {};
      },
    }),
  ];
}

async function tagEvent(
  registered: RegisteredDeps["registered"],
  model: string,
  action: string,
): Promise<string> {
  const prompt = isPrompt((await registered.tagsOf(model)) ?? []);
  return `${prompt ? "PROMPT" : "MODEL"}_VERSION_TAG.${action}`;
}

/** MLflow's model registry, over the same models and numbers as our own. */
export const registeredRoutes = (
  deps: RegisteredDeps,
  search: RegisteredSearchStore,
): HttpRoute[] => rpcRoutes([...modelCalls(deps, search), ...versionCalls(deps, search)]);
