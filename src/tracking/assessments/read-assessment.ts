import { z } from "zod";
import type { Json } from "../../lib/json.ts";
import { invalidParameter } from "../mlflow/errors.ts";
import { absent, boolean, choice, text } from "../mlflow/fields.ts";
import { parsedJson, storable, storableJson } from "../mlflow/storable.ts";
import { timestamp } from "../mlflow/times.ts";
import { type Assessment, SOURCE_TYPES, type Statement } from "./assessment.ts";

const MAX_NAME = 250;

const anyJson = () => z.custom<Json>(() => true);

/** Assessment as clients send it; ids and times may be left to us. */
export const assessmentFields = z.object({
  assessment_id: absent(text().max(MAX_NAME)),
  assessment_name: absent(text()),
  span_id: absent(text()),
  source: absent(
    z.object({
      source_type: absent(
        choice(SOURCE_TYPES, {
          ...{ 0: "SOURCE_TYPE_UNSPECIFIED", 1: "HUMAN", 2: "LLM_JUDGE", 3: "CODE" },
        }),
      ),
      source_id: absent(z.string()),
    }),
  ),
  create_time: absent(timestamp()),
  last_update_time: absent(timestamp()),
  feedback: absent(
    z.object({
      value: anyJson().optional(),
      error: absent(
        z.object({
          error_code: absent(z.string()),
          error_message: absent(z.string()),
          stack_trace: absent(z.string()),
        }),
      ),
    }),
  ),
  expectation: absent(
    z.object({
      value: anyJson().optional(),
      serialized_value: absent(
        z.object({ serialization_format: absent(text()), value: z.string() }),
      ),
    }),
  ),
  issue: absent(z.object({ issue_name: z.string().min(1) })),
  rationale: absent(z.string()),
  metadata: absent(z.record(z.string(), z.string())),
  overrides: absent(text()),
  valid: absent(boolean()),
});

export type AssessmentFields = z.output<typeof assessmentFields>;

/** A new assessment. Throws INVALID_PARAMETER_VALUE when it says nothing, or has no name. */
export function newAssessment(
  given: AssessmentFields,
  { trace, id, now }: { readonly trace: string; readonly id: string; readonly now: number },
): Assessment {
  const says = statementOf(given);
  if (says === undefined)
    throw invalidParameter(
      "Missing value for required parameter 'assessment': give one of feedback, expectation and issue.",
    );
  const { source, create_time: createdAt = now } = given;
  if ((given.assessment_name ?? "") === "")
    throw invalidParameter("Missing value for required parameter 'assessment.assessment_name'.");
  return {
    id: given.assessment_id || id,
    ...{ trace, says, createdAt, updatedAt: given.last_update_time ?? createdAt },
    name: checkedName(given.assessment_name!),
    span: given.span_id || undefined,
    sourceType: source?.source_type ?? DEFAULT_SOURCE[says.kind],
    sourceId: storable(source?.source_id ?? "default"),
    rationale: given.rationale === undefined ? undefined : storable(given.rationale),
    metadata: storableJson(given.metadata ?? {}) as Record<string, string>,
    overrides: given.overrides || undefined,
    valid: given.valid ?? true,
  };
}

/** Who says it when nobody is named: as MLflow's classes have it. */
const DEFAULT_SOURCE = { feedback: "CODE", expectation: "HUMAN", issue: "LLM_JUDGE" } as const;

export function checkedName(name: string): string {
  if (name.length <= MAX_NAME) return storable(name);
  throw invalidParameter(
    `assessment_name: has ${name.length} characters; at most ${MAX_NAME} are possible.`,
  );
}

/** undefined when the assessment says nothing. */
export function statementOf(given: AssessmentFields): Statement | undefined {
  if (given.feedback !== undefined) return feedbackOf(given.feedback);
  if (given.issue !== undefined) return { kind: "issue", value: storable(given.issue.issue_name) };
  return given.expectation && { kind: "expectation", value: expected(given.expectation) };
}

function feedbackOf({ value, error }: NonNullable<AssessmentFields["feedback"]>): Statement {
  if (value === undefined && error === undefined)
    throw invalidParameter("Either `value` or `error` must be provided.");
  return {
    kind: "feedback",
    value: storableJson(value ?? null),
    ...(error === undefined ? {} : { error: storableJson(error as Json) as typeof error }),
  };
}

function expected(given: NonNullable<AssessmentFields["expectation"]>): Json {
  const { value, serialized_value: serialized } = given;
  if (serialized === undefined) {
    if (value !== undefined && value !== null) return storableJson(value);
    throw invalidParameter("The `value` field must be specified.");
  }
  if (serialized.serialization_format !== "JSON_FORMAT")
    throw invalidParameter(
      `Unknown serialization format: ${serialized.serialization_format}. Only JSON_FORMAT is supported.`,
    );
  return storableJson(
    parsedJson("assessment.expectation.serialized_value.value", serialized.value),
  );
}
