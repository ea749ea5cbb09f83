import { z } from "zod";
import { assessmentFields } from "../assessments/read-assessment.ts";
import { experimentId as readExperimentId } from "../experiments/experiment.ts";
import { doesNotExist, invalidParameter } from "../mlflow/errors.ts";
import { absent, choice, integer, list, text } from "../mlflow/fields.ts";
import { storable } from "../mlflow/storable.ts";
import { duration, timestamp } from "../mlflow/times.ts";
import { MAX_TRACE_ID, type Texts, type ToldTrace, TRACE_STATES } from "./trace.ts";

const MAX_KEY = 250;
const MAX_VALUE = 8000;
const MAX_PREVIEW = 10_000;
/** Milliseconds, either way: protobuf's own limit, about 10,000 years. Sums and differences are numbers that JSON can say. */
const LONGEST = 315_576_000_000_000;
const bounded = () => z.number().min(-LONGEST).max(LONGEST);

/** A time as an int64. */
export const milliseconds = () => integer().pipe(bounded());

/** Of a trace that may be kept. */
export const traceId = () => text(1).max(MAX_TRACE_ID);

/** TraceInfoV3 as clients send it. */
export const traceInfoFields = z.object({
  trace_id: traceId(),
  client_request_id: absent(z.string()),
  trace_location: z.object({ mlflow_experiment: z.object({ experiment_id: experimentId() }) }),
  request_time: absent(timestamp().pipe(bounded())),
  execution_duration: absent(duration().pipe(bounded())),
  request_preview: absent(z.string()),
  response_preview: absent(z.string()),
  state: absent(
    choice(TRACE_STATES, { 0: "STATE_UNSPECIFIED", 1: "OK", 2: "ERROR", 3: "IN_PROGRESS" }),
  ),
  trace_metadata: absent(z.record(z.string(), z.string())),
  tags: absent(z.record(z.string(), z.string())),
  assessments: list(assessmentFields),
});

/** Number or text. */
export function experimentId() {
  return z.preprocess((value) => (typeof value === "number" ? String(value) : value), text(1));
}

export function toldTrace(given: z.output<typeof traceInfoFields>, now: number): ToldTrace {
  return {
    id: given.trace_id,
    experiment: experimentNumber(given.trace_location.mlflow_experiment.experiment_id),
    clientRequestId: given.client_request_id && storable(given.client_request_id),
    requestTime: given.request_time ?? now,
    duration: given.execution_duration,
    state: given.state ?? "STATE_UNSPECIFIED",
    requestPreview: preview(given.request_preview),
    responsePreview: preview(given.response_preview),
    metadata: checkedTexts("trace_metadata", given.trace_metadata ?? {}),
    tags: checkedTexts("tags", given.tags ?? {}),
  };
}

const preview = (given: string | undefined): string | undefined =>
  given && storable(given.slice(0, MAX_PREVIEW));

/** Experiments are decimal integers: anything else is none of them. */
export function experimentNumber(given: string): string {
  const id = readExperimentId(given);
  if (id !== undefined && id !== "none") return id;
  throw doesNotExist(`No Experiment with id=${given.slice(0, 100)} exists`);
}

/** Keys of at most 250 characters, else INVALID_PARAMETER_VALUE; values longer than 8000 are cut, as MLflow does. */
export function checkedTexts(field: string, given: Texts): Texts {
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => [checkedKey(field, key), checkedValue(value)]),
  );
}

export function checkedKey(field: string, key: string): string {
  if (key !== "" && key.length <= MAX_KEY) return storable(key);
  throw invalidParameter(
    key === ""
      ? `${field}: a key must not be empty.`
      : `${field}: the key ${JSON.stringify(key.slice(0, 50))}… has ${key.length} characters; at most ${MAX_KEY} are possible.`,
  );
}

export const checkedValue = (value: string): string =>
  storable(value.length <= MAX_VALUE ? value : value.slice(0, MAX_VALUE));
