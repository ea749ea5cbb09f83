import { ASSESSMENT, type AssessmentRow, assessmentOfRow } from "../assessments/assessment-row.ts";
import type { Texts, Trace, TraceState } from "./trace.ts";

export interface TraceRow {
  readonly id: string;
  readonly experiment: string;
  readonly client_request_id: string | null;
  readonly request_time: number;
  readonly end_time: number | null;
  readonly state: TraceState;
  readonly request: string | null;
  readonly response: string | null;
  readonly metadata: Texts;
  readonly tags: Texts;
  readonly assessments: readonly AssessmentRow[] | null;
}

/** Of the table under the name `t`. */
export const TRACE_COLUMNS = `
  t.id, t.experiment::text as experiment, t.client_request_id, t.request_time, t.end_time, t.state, t.tags,
  coalesce(t.told_request, t.span_request) as request, coalesce(t.told_response, t.span_response) as response,
  t.span_metadata || t.told_metadata as metadata,
  (select json_agg(${ASSESSMENT} order by a.created_at, a.id) from millwright.assessment a where a.trace = t.id) as assessments`;

export const traceOfRow = (row: TraceRow): Trace => ({
  ...{ id: row.id, experiment: row.experiment, requestTime: row.request_time, state: row.state },
  clientRequestId: row.client_request_id ?? undefined,
  duration: row.end_time === null ? undefined : row.end_time - row.request_time,
  requestPreview: row.request ?? undefined,
  responsePreview: row.response ?? undefined,
  ...{ metadata: row.metadata, tags: row.tags },
  assessments: (row.assessments ?? []).map(assessmentOfRow),
});
