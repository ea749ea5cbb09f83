import { invalidParameter } from "../mlflow/errors.ts";
import { isObject, type JsonObject, parsedJson, storableJson } from "../mlflow/storable.ts";

export interface ScorerVersion {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly version: number;
  /** JSON, as a client of MLflow wrote it. */
  readonly serialized: string;
  /** Name of the endpoint its model is reached by; null: it had one, which is gone; undefined: it has none. */
  readonly endpoint: string | null | undefined;
  readonly createdAt: number;
}

/** Which share of new traces a scorer is to judge. */
export interface OnlineScoring {
  readonly id: string;
  readonly scorer: string;
  readonly experiment: string;
  readonly sampleRate: number;
  readonly filter: string | undefined;
}

/** Throws INVALID_PARAMETER_VALUE when the text is no JSON object. */
export function readScorer(serialized: string): JsonObject {
  const read = storableJson(parsedJson("serialized_scorer", serialized));
  if (isObject(read)) return read;
  throw invalidParameter("serialized_scorer must be a JSON object.");
}

/** Where the kinds of judges keep their model. */
const HOLDERS = ["instructions_judge_pydantic_data", "builtin_scorer_pydantic_data"];
const WRAPPER = "memory_augmented_judge_data";

/** The model a judge asks: `openai:/gpt-4`, `gateway:/endpoint`. */
export function modelOf(scorer: JsonObject): string | undefined {
  const holder = HOLDERS.map((key) => scorer[key]).find(isObject);
  if (holder !== undefined) return typeof holder.model === "string" ? holder.model : undefined;
  const wrapped = scorer[WRAPPER];
  return isObject(wrapped) && isObject(wrapped.base_judge)
    ? modelOf(wrapped.base_judge)
    : undefined;
}

function withModel(scorer: JsonObject, model: string | null): JsonObject {
  const key = HOLDERS.find((name) => isObject(scorer[name]));
  if (key !== undefined) return { ...scorer, [key]: { ...(scorer[key] as JsonObject), model } };
  const wrapped = scorer[WRAPPER];
  if (!isObject(wrapped) || !isObject(wrapped.base_judge)) return scorer;
  return { ...scorer, [WRAPPER]: { ...wrapped, base_judge: withModel(wrapped.base_judge, model) } };
}

const GATEWAY = "gateway:/";

/** Name of the endpoint in a model's URI. */
export const endpointOf = (model: string | undefined): string | undefined =>
  model?.startsWith(GATEWAY) ? model.slice(GATEWAY.length) : undefined;

/** The text with the name that its endpoint has now; as it is when it has none. */
export function currentText({ serialized, endpoint }: ScorerVersion): string {
  if (endpoint === undefined) return serialized;
  const scorer = readScorer(serialized);
  const model = endpoint === null ? null : `${GATEWAY}${endpoint}`;
  return modelOf(scorer) === model ? serialized : JSON.stringify(withModel(scorer, model));
}

/** Scorer in JSON. */
export const scorerView = (scorer: ScorerVersion) => ({
  experiment_id: Number(scorer.experiment),
  scorer_name: scorer.name,
  scorer_version: scorer.version,
  serialized_scorer: currentText(scorer),
  creation_time: scorer.createdAt,
  scorer_id: scorer.id,
});

export const onlineScoringView = (scoring: OnlineScoring) => ({
  online_scoring_config_id: scoring.id,
  scorer_id: scoring.scorer,
  sample_rate: scoring.sampleRate,
  experiment_id: scoring.experiment,
  ...(scoring.filter === undefined ? {} : { filter_string: scoring.filter }),
});
