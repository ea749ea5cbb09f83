import { invalidParameter } from "../../tracking/mlflow/errors.ts";

/** What can be told: MLflow's entities and actions, with their numbers in its protocol, then our own additions. */
export const ENTITIES = [
  ...["REGISTERED_MODEL", "MODEL_VERSION", "MODEL_VERSION_TAG", "MODEL_VERSION_ALIAS", "PROMPT"],
  ...["PROMPT_VERSION", "PROMPT_TAG", "PROMPT_VERSION_TAG", "PROMPT_ALIAS", "BUDGET_POLICY"],
  ...["RUN", "EXPERIMENT", "INCIDENT"],
] as const;
export const ACTIONS = [
  ...["CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED"],
  ...["PROMOTED", "OPENED", "FINISHED", "FAILED"],
] as const;

const ACTIONS_OF: Readonly<Record<string, readonly string[]>> = {
  REGISTERED_MODEL: ["CREATED"],
  MODEL_VERSION: ["CREATED", "PROMOTED"],
  MODEL_VERSION_TAG: ["SET", "DELETED"],
  MODEL_VERSION_ALIAS: ["CREATED", "DELETED"],
  PROMPT: ["CREATED"],
  PROMPT_VERSION: ["CREATED"],
  PROMPT_TAG: ["SET", "DELETED"],
  PROMPT_VERSION_TAG: ["SET", "DELETED"],
  PROMPT_ALIAS: ["CREATED", "DELETED"],
  BUDGET_POLICY: ["EXCEEDED"],
  RUN: ["FINISHED", "FAILED"],
  EXPERIMENT: ["CREATED"],
  INCIDENT: ["OPENED"],
};

/** Unknown to MLflow's client, which cannot read an answer that names them. */
export const OWN_EVENTS: readonly WebhookEvent[] = [
  ...["MODEL_VERSION.PROMOTED", "RUN.FINISHED", "RUN.FAILED", "EXPERIMENT.CREATED"],
  "INCIDENT.OPENED",
];

/** Entity and action with a dot between: `MODEL_VERSION.CREATED`. */
export type WebhookEvent = string;

export interface EventPair {
  readonly entity: string;
  readonly action: string;
}

export function eventOf({ entity, action }: EventPair): WebhookEvent {
  const actions = ACTIONS_OF[entity] ?? [];
  if (actions.includes(action)) return `${entity}.${action}`;
  throw invalidParameter(
    `Invalid action '${action.toLowerCase()}' for entity '${entity.toLowerCase()}'. Valid actions are: [${actions.map((a) => `'${a.toLowerCase()}'`).join(", ")}]`,
  );
}

export const pairOf = (event: WebhookEvent): EventPair => {
  const [entity = "", action = ""] = event.split(".");
  return { entity, action };
};

export const isOwnEvent = (event: WebhookEvent): boolean => OWN_EVENTS.includes(event);

/** The body of a delivery: `at` in ms since 1970. */
export function eventBody(event: WebhookEvent, data: object, at: number): string {
  const { entity, action } = pairOf(event);
  return JSON.stringify({
    entity: entity.toLowerCase(),
    action: action.toLowerCase(),
    timestamp: new Date(at).toISOString(),
    data,
  });
}
