import { z } from "zod";
import type { HttpRoute } from "../../../http/http.ts";
import type { Clock } from "../../../lib/clock.ts";
import { doesNotExist, invalidParameter, mlflowError } from "../../mlflow/errors.ts";
import { absent, boolean, choice, double, integer, list, text } from "../../mlflow/fields.ts";
import { checkLength, KEY_LENGTH } from "../../mlflow/names.ts";
import { type Rpc, rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { hexId } from "../../runs/hex-id.ts";
import { experimentId, experimentNumber } from "../../traces/read-trace.ts";
import { checkedName, checkedWhich, idOrName, nameTaken, notFound } from "../names.ts";
import { endpointView, LINKAGES, type LlmEndpoint, linkedModelView, ROUTING } from "./endpoint.ts";
import { type KeepUsageExperimentDeps, keepUsageExperiment } from "./keep-usage-experiment.ts";
import type { LlmEndpointStore, Missing, NewLink } from "./store.ts";

export interface LlmEndpointRoutesDeps extends KeepUsageExperimentDeps {
  readonly endpoints: LlmEndpointStore;
  readonly clock: Clock;
  hasExperiment(id: string): Promise<boolean>;
  chance(): number;
}

const AT = "/gateway/endpoints";
const MAX_MODELS = 100;

const link = () =>
  z.object({
    model_definition_id: text(1),
    linkage_type: absent(choice(LINKAGES, { 1: "PRIMARY", 2: "FALLBACK" })),
    ...{ weight: absent(double()), fallback_order: absent(integer()) },
  });

const settings = () => ({
  routing_strategy: absent(choice(ROUTING, { 1: ROUTING[0] })),
  fallback_config: absent(
    z.object({
      strategy: absent(choice(["SEQUENTIAL"], { 1: "SEQUENTIAL" })),
      max_attempts: absent(integer()),
    }),
  ),
  ...{ experiment_id: absent(experimentId()), usage_tracking: absent(boolean()) },
});

/** Endpoints of language models: kept for MLflow's clients, which call the models themselves. */
export const llmEndpointRoutes = (deps: LlmEndpointRoutesDeps): HttpRoute[] =>
  rpcRoutes([...keeping(deps), ...changing(deps)]);

function keeping(deps: LlmEndpointRoutesDeps): Rpc[] {
  const { endpoints, clock, chance } = deps;
  return [
    rpc({
      ...{ method: "POST", path: `${AT}/create`, version: 3, summary: "an endpoint for models" },
      input: z.object({
        ...{ name: text(1), model_configs: list(link()), created_by: absent(text()) },
        ...settings(),
      }),
      async handle({ model_configs: configs, ...given }) {
        const name = checkedName("endpoint", given.name);
        if (configs.length === 0)
          throw invalidParameter("Endpoint must have at least one model configuration");
        const [id, at] = [`e-${hexId(chance)}`, clock.now()];
        const usageTracking = given.usage_tracking ?? true;
        const told = await checkedExperiment(deps, given.experiment_id);
        // Before anything is made for it.
        if ((await endpoints.find({ name })) !== undefined) throw nameTaken("Endpoint", name);
        const endpoint = await endpoints.add({
          ...{ id, name, usageTracking, by: given.created_by || undefined, at },
          ...{ routing: given.routing_strategy, fallback: given.fallback_config },
          links:
            configs.length > MAX_MODELS ? tooMany() : configs.map((one) => linkOf(one, chance)),
          experiment:
            told ?? (usageTracking ? await keepUsageExperiment(deps, { id, name, at }) : undefined),
        });
        return { body: { endpoint: endpointView(kept(endpoint, name)) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: `${AT}/get`, version: 3, summary: "an endpoint" },
      input: z.object(idOrName("endpoint_id", "name")),
      async handle({ endpoint_id: id, name }) {
        const endpoint = await endpoints.find(checkedWhich("endpoint_id", id, "name", name));
        if (endpoint === undefined)
          throw id ? noEndpoint(id) : notFound("GatewayEndpoint", `name='${name}'`);
        return { body: { endpoint: endpointView(endpoint) } };
      },
    }),
    rpc({
      ...{ method: "GET", path: `${AT}/list`, version: 3, summary: "endpoints" },
      input: z.object({ provider: absent(text()), secret_id: absent(text()) }),
      async handle({ provider, secret_id: secret }) {
        const found = await endpoints.list({
          ...{ provider: provider || undefined, secret: secret || undefined },
        });
        return { body: found.length === 0 ? {} : { endpoints: found.map(endpointView) } };
      },
    }),
    rpc({
      ...{ method: "POST", path: `${AT}/update`, version: 3, summary: "changes an endpoint" },
      input: z.object({
        ...{ endpoint_id: text(1), name: absent(text()), model_configs: list(link()) },
        ...{ updated_by: absent(text()), ...settings() },
      }),
      async handle({ endpoint_id: id, model_configs: configs, ...given }) {
        const name = given.name ? checkedName("endpoint", given.name) : undefined;
        const before = await endpoints.find({ id });
        if (before === undefined) throw noEndpoint(id);
        const at = clock.now();
        const told = await checkedExperiment(deps, given.experiment_id);
        const needed = given.usage_tracking === true && before.experiment === null;
        const wanted = { id, name: name ?? before.name, at };
        const endpoint = await endpoints.change(id, {
          ...{ name, usageTracking: given.usage_tracking, by: given.updated_by || undefined, at },
          ...{ routing: given.routing_strategy, fallback: given.fallback_config },
          // Clients leave a list out by sending an empty one.
          links:
            configs.length === 0
              ? undefined
              : configs.length > MAX_MODELS
                ? tooMany()
                : configs.map((one) => linkOf(one, chance)),
          experiment: told ?? (needed ? await keepUsageExperiment(deps, wanted) : undefined),
        });
        if (endpoint === undefined) throw noEndpoint(id);
        return { body: { endpoint: endpointView(kept(endpoint, name ?? "")) } };
      },
    }),
    rpc({
      ...{ method: "DELETE", path: `${AT}/delete`, version: 3, summary: "deletes an endpoint" },
      input: z.object({ endpoint_id: text(1) }),
      async handle({ endpoint_id: id }) {
        if (!(await endpoints.delete(id))) throw noEndpoint(id);
        return {};
      },
    }),
  ];
}

function changing({ endpoints, clock, chance }: LlmEndpointRoutesDeps): Rpc[] {
  return [
    rpc({
      ...{ method: "POST", path: `${AT}/models/attach`, version: 3, summary: "adds a model" },
      input: z.object({ endpoint_id: text(1), model_config: link(), created_by: absent(text()) }),
      async handle({ endpoint_id: id, model_config: config, created_by }) {
        const by = { by: created_by || undefined, at: clock.now() };
        const linked = await endpoints.attach(id, linkOf(config, chance), by);
        if (linked === undefined) throw noEndpoint(id);
        if (linked === "attached")
          throw mlflowError(
            "RESOURCE_ALREADY_EXISTS",
            `Model definition '${config.model_definition_id}' is already attached to endpoint '${id}'`,
          );
        if ("missing" in linked)
          throw notFound("GatewayModelDefinition", `model_definition_id='${linked.missing}'`);
        return { body: { mapping: linkedModelView(linked) } };
      },
    }),
    rpc({
      ...{ method: "POST", path: `${AT}/models/detach`, version: 3, summary: "takes a model away" },
      input: z.object({ endpoint_id: text(1), model_definition_id: text(1) }),
      async handle({ endpoint_id: id, model_definition_id: model }) {
        if (await endpoints.detach(id, model)) return {};
        if ((await endpoints.find({ id })) === undefined) throw noEndpoint(id);
        throw doesNotExist(`Model definition '${model}' is not attached to endpoint '${id}'`);
      },
    }),
    rpc({
      ...{ method: "POST", path: `${AT}/set-tag`, version: 3, summary: "sets a tag" },
      input: z.object({ endpoint_id: text(1), key: text(1), value: absent(text()) }),
      async handle({ endpoint_id: id, key, value = "" }) {
        checkLength("key", KEY_LENGTH, key);
        checkLength("value", 5000, value);
        if (!(await endpoints.setTag(id, key, value))) throw noEndpoint(id);
        return {};
      },
    }),
    rpc({
      ...{ method: "DELETE", path: `${AT}/delete-tag`, version: 3, summary: "deletes a tag" },
      input: z.object({ endpoint_id: text(1), key: text(1) }),
      async handle({ endpoint_id: id, key }) {
        if (!(await endpoints.setTag(id, key, null))) throw noEndpoint(id);
        return {};
      },
    }),
  ];
}

function linkOf(given: z.output<ReturnType<typeof link>>, chance: () => number): NewLink {
  const { model_definition_id: model, linkage_type: linkage = "PRIMARY" } = given;
  const { weight = 1, fallback_order: fallbackOrder } = given;
  // PostgreSQL's real and integer.
  if (!Number.isFinite(Math.fround(weight)))
    throw invalidParameter(`weight must be a number up to 3.4e38, got ${weight}`);
  if (fallbackOrder !== undefined && (fallbackOrder | 0) !== fallbackOrder)
    throw invalidParameter(`fallback_order must be an integer of 32 bits, got ${fallbackOrder}`);
  return { id: `m-${hexId(chance)}`, model, linkage, weight: Math.fround(weight), fallbackOrder };
}

function tooMany(): never {
  throw invalidParameter(`model_configs: at most ${MAX_MODELS} models are possible.`);
}

async function checkedExperiment(
  { hasExperiment }: LlmEndpointRoutesDeps,
  given: string | undefined,
): Promise<string | undefined> {
  if (!given) return undefined;
  const id = experimentNumber(given);
  if (await hasExperiment(id)) return id;
  throw doesNotExist(`No Experiment with id=${id} exists`);
}

const noEndpoint = (id: string): Error => notFound("GatewayEndpoint", `endpoint_id='${id}'`);

function kept(outcome: LlmEndpoint | "taken" | Missing, name: string): LlmEndpoint {
  if (outcome === "taken") throw nameTaken("Endpoint", name);
  if ("missing" in outcome) throw doesNotExist(`Model definitions not found: ${outcome.missing}`);
  return outcome;
}
