import type { Json } from "../../lib/json.ts";
import { timestampText } from "../mlflow/times.ts";

export const SOURCE_TYPES = ["SOURCE_TYPE_UNSPECIFIED", "HUMAN", "LLM_JUDGE", "CODE"] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

export interface AssessmentError {
  readonly error_code?: string | undefined;
  readonly error_message?: string | undefined;
  readonly stack_trace?: string | undefined;
}

/** What was said: feedback (a value, or why there is none), the value that was expected, or the issue the trace shows. */
export type Statement =
  | {
      readonly kind: "feedback";
      readonly value: Json;
      readonly error?: AssessmentError | undefined;
    }
  | { readonly kind: "expectation"; readonly value: Json }
  /** The assessment's name is the issue's id, `value` the issue's name. */
  | { readonly kind: "issue"; readonly value: string };

export interface Assessment {
  readonly id: string;
  readonly trace: string;
  readonly name: string;
  readonly says: Statement;
  /** Of the span it is about; undefined: about the whole trace. */
  readonly span: string | undefined;
  readonly sourceType: SourceType;
  readonly sourceId: string;
  readonly rationale: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** The assessment that this one replaces, which is not valid as long as this one is there. */
  readonly overrides: string | undefined;
  readonly valid: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Assessment in JSON. */
export const assessmentView = (assessment: Assessment): Json => ({
  assessment_id: assessment.id,
  assessment_name: assessment.name,
  trace_id: assessment.trace,
  ...(assessment.span === undefined ? {} : { span_id: assessment.span }),
  source: { source_type: assessment.sourceType, source_id: assessment.sourceId },
  create_time: timestampText(assessment.createdAt),
  last_update_time: timestampText(assessment.updatedAt),
  ...statementView(assessment.says),
  ...(assessment.rationale === undefined ? {} : { rationale: assessment.rationale }),
  ...(Object.keys(assessment.metadata).length === 0 ? {} : { metadata: assessment.metadata }),
  ...(assessment.overrides === undefined ? {} : { overrides: assessment.overrides }),
  valid: assessment.valid,
});

function statementView(says: Statement): { readonly [key: string]: Json } {
  if (says.kind === "issue") return { issue: { issue_name: says.value } };
  if (says.kind === "expectation") return { expectation: expectationView(says.value) };
  const error = says.error && (Object.fromEntries(Object.entries(says.error)) as Json);
  return { feedback: { value: says.value, ...(error === undefined ? {} : { error }) } };
}

/** Lists and objects travel as text: protobuf's Value would make doubles of their integers. */
const expectationView = (value: Json): Json =>
  typeof value === "object" && value !== null
    ? {
        serialized_value: {
          serialization_format: "JSON_FORMAT",
          value: JSON.stringify(value),
        },
      }
    : { value };
