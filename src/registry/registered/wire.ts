import type { MillwrightError } from "../../errors.ts";
import { doesNotExist } from "../../tracking/mlflow/errors.ts";
import type { RegisteredModel, RegisteredVersion } from "./registered-model.ts";

/** `RegisteredModel` in MLflow's JSON. */
export const modelWire = (model: RegisteredModel) => ({
  name: model.name,
  creation_timestamp: model.createdAt,
  last_updated_timestamp: model.updatedAt,
  ...(model.description === "" ? {} : { description: model.description }),
  ...listed("latest_versions", model.latest.map(versionWire)),
  ...listed("tags", model.tags),
  ...listed(
    "aliases",
    model.aliases.map(({ alias, number }) => ({ alias, version: String(number) })),
  ),
});

/** `ModelVersion` in MLflow's JSON. `millwright_id` is ours: which version the gateway serves under that number. */
export const versionWire = (version: RegisteredVersion) => ({
  name: version.model,
  version: String(version.number),
  creation_timestamp: version.createdAt,
  last_updated_timestamp: version.updatedAt,
  ...text("user_id", version.userId),
  current_stage: version.stage,
  // Said although it is empty: clients tell that from none.
  description: version.description,
  source: version.source,
  ...text("run_id", version.runId),
  ...text("run_link", version.runLink),
  status: version.status,
  ...text("status_message", version.statusMessage),
  ...text("model_id", version.loggedModel ?? ""),
  ...text("millwright_id", version.version ?? ""),
  ...listed("tags", version.tags),
  ...listed("aliases", version.aliases),
});

const listed = (key: string, items: readonly object[] | readonly string[]) =>
  items.length === 0 ? {} : { [key]: items };

const text = (key: string, value: string) => (value === "" ? {} : { [key]: value });

export const modelNotFound = (name: string): MillwrightError =>
  doesNotExist(`Registered Model with name=${name} not found`);

export const versionNotFound = (name: string, number: number | string): MillwrightError =>
  doesNotExist(`Model Version (name=${name}, version=${number}) not found`);
