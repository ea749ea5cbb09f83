import type { Tag } from "../../experiments/experiment.ts";
import { invalidParameter } from "../../mlflow/errors.ts";
import { wireDouble } from "../../mlflow/fields.ts";
import { checkKey, checkLength, KEY_LENGTH, truncated } from "../../mlflow/names.ts";
import type { Param } from "../tracked-run.ts";
import type { LoggedPoint, RunEntry } from "./entry.ts";

const PARAM_LENGTH = 6000;
const TAG_LENGTH = 8000;
const DATASET_NAME_LENGTH = 500;
const DATASET_DIGEST_LENGTH = 36;
const MAX_METRICS = 1000;
const MAX_PARAMS_OR_TAGS = 100;
const MAX_TOGETHER = 1000;

/** What may be logged. Each throws INVALID_PARAMETER_VALUE; `at` is where it stands in the request: `metrics[0]`, or "". */
export function checkedPoint(point: LoggedPoint, at = ""): LoggedPoint {
  checkKey(inside(at, "name"), point.key);
  checkLength("Metric name", KEY_LENGTH, point.key);
  if (point.timestamp < 0)
    throw invalidParameter(
      `Invalid value ${point.timestamp} for parameter '${inside(at, "timestamp")}' supplied: metric '${point.key}' (value=${wireDouble(point.value)}). Timestamp must be a nonnegative long (64-bit integer) `,
    );
  checkLength("dataset_name", DATASET_NAME_LENGTH, point.datasetName ?? "");
  checkLength("dataset_digest", DATASET_DIGEST_LENGTH, point.datasetDigest ?? "");
  return point;
}

/** Long values are cut, as MLflow does unless told otherwise. */
export function checkedParam({ key, value }: Param, at = ""): Param {
  checkKey(inside(at, "key"), key);
  checkLength("Param key", KEY_LENGTH, key);
  return { key, value: truncated(value, PARAM_LENGTH) };
}

export function checkedTag({ key, value }: Tag, at = ""): Tag {
  checkKey(inside(at, "key"), key);
  checkLength(inside(at, "key"), KEY_LENGTH, key);
  return { key, value: truncated(value, TAG_LENGTH) };
}

export function checkedBatch({ run, metrics, params, tags }: RunEntry): RunEntry {
  limit("metrics", MAX_METRICS, metrics.length);
  limit("params", MAX_PARAMS_OR_TAGS, params.length);
  limit("tags", MAX_PARAMS_OR_TAGS, tags.length);
  limit("metrics, params, and tags", MAX_TOGETHER, metrics.length + params.length + tags.length);
  const checked = {
    run,
    metrics: metrics.map((metric, i) => checkedPoint(metric, `metrics[${i}]`)),
    params: params.map((param, i) => checkedParam(param, `params[${i}]`)),
    tags: tags.map((tag, i) => checkedTag(tag, `tags[${i}]`)),
  };
  const keys = params.map(({ key }) => key);
  const twice = keys.filter((key, i) => keys.indexOf(key) < i);
  if (twice.length > 0)
    throw invalidParameter(
      `Duplicate parameter keys have been submitted: [${twice.map((key) => `'${key}'`).join(", ")}]. Please ensure the request contains only one param value per param key.`,
    );
  return checked;
}

const inside = (at: string, field: string): string => (at === "" ? field : `${at}.${field}`);

function limit(what: string, most: number, given: number): void {
  if (given > most)
    throw invalidParameter(
      `A batch logging request can contain at most ${most} ${what}. Got ${given} ${what}. Please split up ${what} across multiple requests and try again.`,
    );
}
