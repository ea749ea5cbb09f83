import { z } from "zod";
import type { HttpRoute } from "../../../http/http.ts";
import type { Clock } from "../../../lib/clock.ts";
import { mlflowError } from "../../mlflow/errors.ts";
import { absent, text } from "../../mlflow/fields.ts";
import { rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { hexId } from "../../runs/hex-id.ts";
import { checkedWhich, freeName, idOrName, nameTaken, notFound } from "../names.ts";
import type { LlmSecretStore } from "../secrets/store.ts";
import { llmModelView } from "./llm-model-view.ts";
import type { LlmModelStore } from "./store.ts";

export interface LlmModelRoutesDeps {
  readonly models: LlmModelStore;
  readonly secrets: Pick<LlmSecretStore, "find">;
  readonly clock: Clock;
  chance(): number;
}

const AT = "/gateway/model-definitions";
const WHAT = "GatewayModelDefinition";

export function llmModelRoutes({
  models,
  secrets,
  clock,
  chance,
}: LlmModelRoutesDeps): HttpRoute[] {
  const checkSecret = async (id: string): Promise<void> => {
    if ((await secrets.find({ id })) === undefined)
      throw notFound("GatewaySecret", `secret_id='${id}'`);
  };
  return rpcRoutes([
    rpc({
      ...{ method: "POST", path: `${AT}/create`, version: 3, summary: "a model of a provider" },
      input: z.object({
        ...{ name: freeName(), secret_id: text(1), provider: text(1), model_name: text(1) },
        created_by: absent(text()),
      }),
      async handle({ name, secret_id: secret, provider, model_name: modelName, created_by }) {
        await checkSecret(secret);
        const by = created_by || undefined;
        const id = `d-${hexId(chance)}`;
        const model = await models.add({
          id,
          name,
          secret,
          provider,
          modelName,
          by,
          at: clock.now(),
        });
        if (model === "taken") throw nameTaken("Model definition", name);
        return { body: { model_definition: llmModelView(model) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: `${AT}/get`, version: 3, summary: "a model of a provider" },
      input: z.object(idOrName("model_definition_id", "name")),
      async handle({ model_definition_id: id, name }) {
        const model = await models.find(checkedWhich("model_definition_id", id, "name", name));
        if (model === undefined) throw id ? noModel(id) : notFound(WHAT, `name='${name}'`);
        return { body: { model_definition: llmModelView(model) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: `${AT}/list`, version: 3, summary: "models of providers" },
      input: z.object({ provider: absent(text()), secret_id: absent(text()) }),
      async handle({ provider, secret_id: secret }) {
        const found = await models.list({
          ...{ provider: provider || undefined, secret: secret || undefined },
        });
        return { body: found.length === 0 ? {} : { model_definitions: found.map(llmModelView) } };
      },
    }),
    rpc({
      ...{ method: "POST", path: `${AT}/update`, version: 3, summary: "changes a model" },
      input: z.object({
        ...{ model_definition_id: text(1), name: absent(freeName(0)), secret_id: absent(text()) },
        ...{ model_name: absent(text()), provider: absent(text()), updated_by: absent(text()) },
      }),
      async handle({ model_definition_id: id, ...given }) {
        const [name, secret] = [given.name || undefined, given.secret_id || undefined];
        if (secret !== undefined) await checkSecret(secret);
        const model = await models.change(id, {
          ...{ name, secret, provider: given.provider || undefined },
          ...{ modelName: given.model_name || undefined, by: given.updated_by || undefined },
          at: clock.now(),
        });
        if (model === undefined) throw noModel(id);
        if (model === "taken") throw nameTaken("Model definition", name ?? "");
        return { body: { model_definition: llmModelView(model) } };
      },
    }),
    rpc({
      ...{ method: "DELETE", path: `${AT}/delete`, version: 3, summary: "deletes a model" },
      input: z.object({ model_definition_id: text(1) }),
      async handle({ model_definition_id: id }) {
        const outcome = await models.delete(id);
        if (outcome === undefined) throw noModel(id);
        if (outcome === "in use")
          throw mlflowError(
            "INVALID_STATE",
            "Cannot delete model definition that is currently in use by endpoints. Detach it from all endpoints first.",
          );
        return {};
      },
    }),
  ]);
}

const noModel = (id: string): Error => notFound(WHAT, `model_definition_id='${id}'`);
