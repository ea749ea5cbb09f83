import type { Json } from "../../lib/json.ts";
import type { Assessment, AssessmentError, SourceType, Statement } from "./assessment.ts";

/** What `ASSESSMENT` selects. */
export interface AssessmentRow {
  readonly id: string;
  readonly trace: string;
  readonly kind: Statement["kind"];
  readonly name: string;
  readonly value: Json;
  readonly error: AssessmentError | null;
  readonly span: string | null;
  readonly source_type: SourceType;
  readonly source_id: string;
  readonly rationale: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly overrides: string | null;
  readonly valid: boolean;
  readonly created_at: number;
  readonly updated_at: number;
}

const COLUMNS = [
  ...["id", "trace", "kind", "name", "value", "error", "span", "source_type", "source_id"],
  ...["rationale", "metadata", "overrides", "valid", "created_at", "updated_at"],
];

/** An assessment of the table under the name `a` as one JSON object. */
export const ASSESSMENT = `json_build_object(${COLUMNS.map((name) => `'${name}', a.${name}`).join(", ")})`;

export const assessmentOfRow = (row: AssessmentRow): Assessment => ({
  ...{ id: row.id, trace: row.trace, name: row.name, says: statementOfRow(row) },
  span: row.span ?? undefined,
  ...{ sourceType: row.source_type, sourceId: row.source_id },
  rationale: row.rationale ?? undefined,
  metadata: row.metadata,
  overrides: row.overrides ?? undefined,
  ...{ valid: row.valid, createdAt: row.created_at, updatedAt: row.updated_at },
});

function statementOfRow({ kind, value, error }: AssessmentRow): Statement {
  if (kind === "issue") return { kind, value: value as string };
  if (kind === "expectation") return { kind, value };
  return { kind, value, ...(error === null ? {} : { error }) };
}

/** Inserts or replaces; the parameters are those of `assessmentValues`. */
export const PUT_ASSESSMENT = `
  insert into millwright.assessment as a (${COLUMNS.join(", ")})
  values (${COLUMNS.map((_, i) => `$${i + 1}`).join(", ")})
  on conflict (id) do update set ${COLUMNS.slice(2)
    .map((name) => `${name} = excluded.${name}`)
    .join(", ")} where a.trace = excluded.trace`;

export const assessmentValues = (assessment: Assessment): unknown[] => {
  const { says } = assessment;
  const error = says.kind === "feedback" ? says.error : undefined;
  return [
    ...[assessment.id, assessment.trace, says.kind, assessment.name, JSON.stringify(says.value)],
    error === undefined ? null : JSON.stringify(error),
    ...[assessment.span ?? null, assessment.sourceType, assessment.sourceId],
    ...[assessment.rationale ?? null, JSON.stringify(assessment.metadata)],
    ...[assessment.overrides ?? null, assessment.valid],
    ...[assessment.createdAt, assessment.updatedAt],
  ];
};
