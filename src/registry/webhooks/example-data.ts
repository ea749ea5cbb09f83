import type { WebhookEvent } from "./webhook-event.ts";

const name = "example_model";
const tags = { example_key: "example_value" };
const tag = { key: "example_key", value: "example_value" };
const version = "1";
const alias = "example_alias";
const prompt = "example_prompt";

/** What a test call sends as `data`: the shape of the event, made up. */
export const EXAMPLES: Readonly<Record<WebhookEvent, object>> = {
  "REGISTERED_MODEL.CREATED": { name, tags, description: "An example registered model" },
  "MODEL_VERSION.CREATED": {
    ...{ name, version, source: "models:/123", run_id: "abcd1234abcd5678", tags },
    description: "An example model version",
  },
  "MODEL_VERSION.PROMOTED": { name, version, previous: null, reason: "every gate passed" },
  "MODEL_VERSION_TAG.SET": { name, version, ...tag },
  "MODEL_VERSION_TAG.DELETED": { name, version, key: tag.key },
  "MODEL_VERSION_ALIAS.CREATED": { name, alias, version },
  "MODEL_VERSION_ALIAS.DELETED": { name, alias },
  "PROMPT.CREATED": { name: prompt, tags, description: "An example prompt" },
  "PROMPT_VERSION.CREATED": {
    ...{ name: prompt, version, template: "Hello {{name}}!", tags },
    description: "An example prompt version",
  },
  "PROMPT_TAG.SET": { name: prompt, ...tag },
  "PROMPT_TAG.DELETED": { name: prompt, key: tag.key },
  "PROMPT_VERSION_TAG.SET": { name: prompt, version, ...tag },
  "PROMPT_VERSION_TAG.DELETED": { name: prompt, version, key: tag.key },
  "PROMPT_ALIAS.CREATED": { name: prompt, alias, version },
  "PROMPT_ALIAS.DELETED": { name: prompt, alias },
  "BUDGET_POLICY.EXCEEDED": {
    ...{ budget_policy_id: "bp-abc123", budget_unit: "USD", budget_amount: 100 },
    ...{ current_spend: 105.5, duration_unit: "MONTHS", duration_value: 1 },
    ...{ target_scope: "WORKSPACE", workspace: "default", window_start: 1_704_067_200_000 },
  },
  "RUN.FINISHED": { run_id: "abcd1234abcd5678", run_name: "example", experiment_id: "0" },
  "RUN.FAILED": { run_id: "abcd1234abcd5678", run_name: "example", experiment_id: "0" },
  "EXPERIMENT.CREATED": { experiment_id: "1", name: "example" },
  "INCIDENT.OPENED": { model: name, incident: "example", summary: "drift in one column" },
};
