import { z } from "zod";
import type { HttpRoute } from "../../../http/http.ts";
import type { Clock } from "../../../lib/clock.ts";
import { absent, choice, text } from "../../mlflow/fields.ts";
import { rpc, rpcRoutes } from "../../mlflow/rpc.ts";
import { auditView } from "../audited.ts";
import { freeName, notFound } from "../names.ts";
import type { LlmBinding, LlmBindingStore } from "./store.ts";

export interface LlmBindingRoutesDeps {
  readonly bindings: LlmBindingStore;
  readonly clock: Clock;
}

const AT = "/gateway/endpoints/bindings";
const RESOURCES = ["scorer"] as const;

const one = () => ({
  endpoint_id: text(1),
  resource_type: choice(RESOURCES, {}),
  resource_id: freeName(),
});

export const llmBindingRoutes = ({ bindings, clock }: LlmBindingRoutesDeps): HttpRoute[] =>
  rpcRoutes([
    rpc({
      ...{
        method: "POST",
        path: `${AT}/create`,
        version: 3,
        summary: "says what uses an endpoint",
      },
      input: z.object({ ...one(), created_by: absent(text()) }),
      async handle({ endpoint_id: endpoint, created_by, ...given }) {
        const binding = await bindings.add(
          { endpoint, resourceType: given.resource_type, resourceId: given.resource_id },
          { by: created_by || undefined, at: clock.now() },
        );
        if (binding === undefined) throw notFound("GatewayEndpoint", `endpoint_id='${endpoint}'`);
        return { body: { binding: bindingView(binding) } };
      },
    }),
    rpc({
      ...{ method: "DELETE", path: `${AT}/delete`, version: 3, summary: "ends a use" },
      input: z.object(one()),
      async handle({
        endpoint_id: endpoint,
        resource_type: resourceType,
        resource_id: resourceId,
      }) {
        if (await bindings.delete({ endpoint, resourceType, resourceId })) return {};
        throw notFound(
          "GatewayEndpointBinding",
          `endpoint_id='${endpoint}', resource_type='${resourceType}', resource_id='${resourceId}'`,
        );
      },
    }),
    rpc({
      ...{ method: "GET", path: `${AT}/list`, version: 3, summary: "what uses endpoints" },
      input: z.object({
        ...{ endpoint_id: absent(text()), resource_type: absent(text()) },
        resource_id: absent(text()),
      }),
      async handle(given) {
        const found = await bindings.list({
          ...{ endpoint: given.endpoint_id || undefined },
          ...{ resourceType: given.resource_type || undefined },
          resourceId: given.resource_id || undefined,
        });
        return { body: found.length === 0 ? {} : { bindings: found.map(bindingView) } };
      },
    }),
  ]);

const bindingView = (binding: LlmBinding) => ({
  ...{ endpoint_id: binding.endpoint, resource_type: binding.resource_type },
  resource_id: binding.resource_id,
  ...(binding.display_name === null ? {} : { display_name: binding.display_name }),
  ...auditView(binding),
});
