import type { Json } from "../../lib/json.ts";
import { omitEmpty } from "../mlflow/omit-empty.ts";

export const ISSUE_STATUSES = ["pending", "rejected", "resolved"] as const;
/** From least to most. */
export const SEVERITIES = ["not_an_issue", "low", "medium", "high"] as const;

export interface Issue {
  /** `iss-` and 32 hex digits. */
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly description: string;
  readonly status: (typeof ISSUE_STATUSES)[number];
  readonly severity: (typeof SEVERITIES)[number] | undefined;
  readonly rootCauses: readonly string[];
  readonly categories: readonly string[];
  readonly sourceRun: string | undefined;
  readonly createdBy: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** @param traces how many show it; left out when nobody asked. */
export const issueView = (issue: Issue, traces?: number): Json =>
  omitEmpty({
    issue_id: issue.id,
    experiment_id: issue.experiment,
    name: issue.name,
    description: issue.description,
    status: issue.status,
    severity: issue.severity,
    root_causes: issue.rootCauses,
    categories: issue.categories,
    source_run_id: issue.sourceRun,
    created_by: issue.createdBy,
    created_timestamp: issue.createdAt,
    last_updated_timestamp: issue.updatedAt,
    trace_count: traces,
  }) as Json;
