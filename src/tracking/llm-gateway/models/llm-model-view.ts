import { auditView } from "../audited.ts";
import type { LlmModel } from "./store.ts";

/** GatewayModelDefinition in JSON. */
export const llmModelView = (model: LlmModel) => ({
  ...{ model_definition_id: model.id, name: model.name },
  ...(model.secret === null ? {} : { secret_id: model.secret }),
  ...(model.secret_name === null ? {} : { secret_name: model.secret_name }),
  ...{ provider: model.provider, model_name: model.model_name },
  ...auditView(model),
});
