import { type Audited, auditView } from "../audited.ts";
import { llmModelView } from "../models/llm-model-view.ts";
import type { LlmModel } from "../models/store.ts";

export const LINKAGES = ["PRIMARY", "FALLBACK"] as const;
export const ROUTING = ["REQUEST_BASED_TRAFFIC_SPLIT"] as const;

export interface Fallback {
  readonly strategy?: "SEQUENTIAL" | undefined;
  readonly max_attempts?: number | undefined;
}

/** One name for several models: which is asked, and which when it fails. */
export interface LlmEndpoint extends Audited {
  readonly id: string;
  readonly name: string;
  readonly routing_strategy: (typeof ROUTING)[number] | null;
  readonly fallback: Fallback | null;
  readonly usage_tracking: boolean;
  /** Where its traces go. */
  readonly experiment: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly models: readonly LinkedModel[];
}

export interface LinkedModel {
  readonly id: string;
  readonly endpoint: string;
  readonly model: LlmModel;
  readonly linkage: (typeof LINKAGES)[number];
  readonly weight: number;
  readonly fallback_order: number | null;
  readonly created_at: number;
  readonly created_by: string | null;
}

/** A model to be linked. */
export interface Link {
  readonly model: string;
  readonly linkage: (typeof LINKAGES)[number];
  readonly weight: number;
  readonly fallbackOrder: number | undefined;
}

/** GatewayEndpointModelMapping in JSON. */
export const linkedModelView = (linked: LinkedModel) => ({
  ...{ mapping_id: linked.id, endpoint_id: linked.endpoint },
  ...{ model_definition_id: linked.model.id, model_definition: llmModelView(linked.model) },
  ...{ weight: linked.weight, linkage_type: linked.linkage, created_at: linked.created_at },
  ...(linked.fallback_order === null ? {} : { fallback_order: linked.fallback_order }),
  ...(linked.created_by === null ? {} : { created_by: linked.created_by }),
});

/** GatewayEndpoint in JSON. */
export const endpointView = (endpoint: LlmEndpoint) => ({
  ...{ endpoint_id: endpoint.id, name: endpoint.name },
  ...(endpoint.models.length === 0 ? {} : { model_mappings: endpoint.models.map(linkedModelView) }),
  ...(endpoint.routing_strategy === null ? {} : { routing_strategy: endpoint.routing_strategy }),
  ...(endpoint.fallback === null ? {} : { fallback_config: endpoint.fallback }),
  ...(endpoint.experiment === null ? {} : { experiment_id: endpoint.experiment }),
  ...(Object.keys(endpoint.tags).length === 0
    ? {}
    : { tags: Object.entries(endpoint.tags).map(([key, value]) => ({ key, value })) }),
  usage_tracking: endpoint.usage_tracking,
  ...auditView(endpoint),
});
