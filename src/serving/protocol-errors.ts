import type { ErrorCode, Problem } from "../../sdk/src/contract/errors.ts";

/**
 * The body of an error, with the fields that clients of the protocol at that path look for beside those of problem details:
 * `error` of the Open Inference Protocol, `error_code` and `message` of MLflow.
 */
export function protocolError(path: string, problem: Problem): object {
  if (path === "/v2" || path.startsWith("/v2/")) return { error: problem.detail, ...problem };
  if (path.endsWith("/invocations"))
    return {
      error_code: MLFLOW_CODES[problem.code] ?? "BAD_REQUEST",
      message: problem.detail,
      ...problem,
    };
  return problem;
}

/** As in MLflow's `databricks.proto`; everything else is BAD_REQUEST, as its scoring server says. */
const MLFLOW_CODES: Partial<Record<ErrorCode, string>> = {
  not_found: "RESOURCE_DOES_NOT_EXIST",
  unauthorized: "UNAUTHENTICATED",
  forbidden: "PERMISSION_DENIED",
  overloaded: "REQUEST_LIMIT_EXCEEDED",
  unavailable: "TEMPORARILY_UNAVAILABLE",
  storage_full: "TEMPORARILY_UNAVAILABLE",
  timeout: "TEMPORARILY_UNAVAILABLE",
  internal: "INTERNAL_ERROR",
};
