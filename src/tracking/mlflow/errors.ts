import type { ErrorCode, Problem } from "../../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../../errors.ts";

/**
 * MLflow's error codes that we say, with the HTTP status its clients expect: they retry 429, 500, 502, 503 and 504 for minutes, so
 * a caller's mistake must never be one of those.
 */
export const MLFLOW_ERRORS = {
  BAD_REQUEST: { status: 400, code: "invalid_input" },
  INVALID_PARAMETER_VALUE: { status: 400, code: "invalid_input" },
  RESOURCE_ALREADY_EXISTS: { status: 400, code: "conflict" },
  INVALID_STATE: { status: 400, code: "conflict" },
  UNAUTHENTICATED: { status: 401, code: "unauthorized" },
  PERMISSION_DENIED: { status: 403, code: "forbidden" },
  RESOURCE_DOES_NOT_EXIST: { status: 404, code: "not_found" },
  ENDPOINT_NOT_FOUND: { status: 404, code: "not_found" },
  RESOURCE_CONFLICT: { status: 409, code: "conflict" },
  REQUEST_LIMIT_EXCEEDED: { status: 429, code: "overloaded" },
  INTERNAL_ERROR: { status: 500, code: "internal" },
  NOT_IMPLEMENTED: { status: 501, code: "unsupported" },
  TEMPORARILY_UNAVAILABLE: { status: 503, code: "unavailable" },
  DEADLINE_EXCEEDED: { status: 504, code: "timeout" },
  RESOURCE_EXHAUSTED: { status: 507, code: "storage_full" },
} as const satisfies Record<string, { status: number; code: ErrorCode }>;

export type MlflowErrorCode = keyof typeof MLFLOW_ERRORS;

/** Characters. Two values of params fit; who sends megabytes does not get them back. */
const MAX_MESSAGE = 16_000;

/** What a handler throws; `mlflowErrorBody` below gives it its body. Long messages are cut. */
export const mlflowError = (code: MlflowErrorCode, message: string): MillwrightError =>
  new MillwrightError(
    MLFLOW_ERRORS[code].code,
    message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message,
    { details: { mlflow: code } },
  );

export const invalidParameter = (message: string): MillwrightError =>
  mlflowError("INVALID_PARAMETER_VALUE", message);

export const doesNotExist = (message: string): MillwrightError =>
  mlflowError("RESOURCE_DOES_NOT_EXIST", message);

/** Errors that no handler of ours threw by MLflow's name. */
const BY_CODE: Readonly<Record<ErrorCode, MlflowErrorCode>> = {
  invalid_input: "INVALID_PARAMETER_VALUE",
  invalid_config: "INVALID_PARAMETER_VALUE",
  invalid_data: "INVALID_PARAMETER_VALUE",
  invalid_model: "INVALID_PARAMETER_VALUE",
  unauthorized: "UNAUTHENTICATED",
  forbidden: "PERMISSION_DENIED",
  not_found: "RESOURCE_DOES_NOT_EXIST",
  method_not_allowed: "ENDPOINT_NOT_FOUND",
  conflict: "RESOURCE_ALREADY_EXISTS",
  gate_failed: "INVALID_STATE",
  payload_too_large: "INVALID_PARAMETER_VALUE",
  unsupported: "INVALID_PARAMETER_VALUE",
  cancelled: "INVALID_STATE",
  overloaded: "REQUEST_LIMIT_EXCEEDED",
  unavailable: "TEMPORARILY_UNAVAILABLE",
  storage_full: "RESOURCE_EXHAUSTED",
  timeout: "DEADLINE_EXCEEDED",
  internal: "INTERNAL_ERROR",
};

const isMlflowPath = (path: string): boolean =>
  /^\/+(api|ajax-api)\/[23]\.0\/mlflow|^\/+v1\/traces|^\/+(get-artifact|model-versions\/get-artifact)/.test(
    path,
  );

function codeOf({ code, details }: Problem): MlflowErrorCode {
  const named = details?.mlflow as MlflowErrorCode | undefined;
  // Clients do without what a server does not have; that a thing is not there means something else.
  if (code === "not_found" && details?.allowed !== undefined) return "ENDPOINT_NOT_FOUND";
  return named ?? BY_CODE[code];
}

/** The body of an error at MLflow's paths; that of `problem` elsewhere. */
export function mlflowErrorBody(path: string, problem: Problem): object {
  if (!isMlflowPath(path)) return problem;
  return { error_code: codeOf(problem), message: problem.detail };
}

/** undefined elsewhere than at MLflow's paths. */
export function mlflowErrorStatus(path: string, problem: Problem): number | undefined {
  return isMlflowPath(path) ? MLFLOW_ERRORS[codeOf(problem)].status : undefined;
}
