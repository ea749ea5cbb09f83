import { invalidParameter } from "../../tracking/mlflow/errors.ts";

export const STAGES = ["None", "Staging", "Production", "Archived"] as const;
export type Stage = (typeof STAGES)[number];

/** Stages whose other occupants may be archived when a version comes in. */
export const ACTIVE_STAGES: readonly Stage[] = ["Staging", "Production"];

export interface ModelTag {
  readonly key: string;
  readonly value: string;
}

/** A name with a line of numbered versions: a model, or a prompt (MLflow keeps both alike). Times: ms since 1970. */
export interface RegisteredModel {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly ModelTag[];
  readonly aliases: readonly ModelAlias[];
  /** Of each stage the one with the highest number. */
  readonly latest: readonly RegisteredVersion[];
}

export interface ModelAlias {
  readonly alias: string;
  readonly number: number;
}

export interface RegisteredVersion {
  readonly model: string;
  readonly number: number;
  /** Id of our model version when it is one that can be served. */
  readonly version: string | undefined;
  readonly source: string;
  /** Where its files are. */
  readonly location: string;
  readonly runId: string;
  readonly runLink: string;
  readonly loggedModel: string | undefined;
  readonly stage: Stage;
  readonly description: string;
  readonly status: string;
  readonly statusMessage: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly ModelTag[];
  readonly aliases: readonly string[];
}

export interface NewVersion {
  readonly model: string;
  readonly source: string;
  readonly location: string;
  readonly runId: string;
  readonly runLink: string;
  readonly loggedModel: string | undefined;
  readonly description: string;
  readonly tags: readonly ModelTag[];
  readonly at: number;
}

/** A version that was trained or imported here. */
export interface OwnVersion {
  readonly model: string;
  readonly number: number;
  readonly version: string;
  readonly runId: string | undefined;
  readonly at: number;
}

/** Marks a registered model, and each of its versions, as a prompt. */
export const PROMPT_TAG = "mlflow.prompt.is_prompt";
/** A prompt's kind, and the text of its version. */
export const PROMPT_TYPE_TAG = "_mlflow_prompt_type";
export const PROMPT_TEXT_TAG = "mlflow.prompt.text";

export const isPrompt = (tags: readonly ModelTag[]): boolean =>
  tags.some(({ key, value }) => key === PROMPT_TAG && value.toLowerCase() === "true");

/** Of the artifact proxy: where versions of ours have folders of files that nobody wrote. No experiment has such an id. */
export const OWN_FOLDER = "models";

/** Where the files of a version of ours are, for MLflow's clients. */
export const ownLocation = (model: string, number: number): string =>
  `mlflow-artifacts:/${OWN_FOLDER}/${model}/${number}`;

/** Any case. Throws INVALID_PARAMETER_VALUE. */
export function canonicalStage(given: string): Stage {
  const stage = STAGES.find((name) => name.toLowerCase() === given.toLowerCase());
  if (stage) return stage;
  throw invalidParameter(
    `Invalid Model Version stage: ${given}. Value must be one of ${STAGES.join(", ")}.`,
  );
}
