import type { ErrorCode, Problem } from "../../sdk/src/contract/errors.ts";
import { ERROR_CODES } from "../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../errors.ts";

/** What Fastify says when it refuses a request before any handler saw it. */
const FRAMEWORK: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "payload_too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported",
  FST_ERR_NOT_FOUND: "not_found",
};

/**
 * Any error as a MillwrightError. What we do not know becomes `internal`, whose text never leaves the process; nor does what the
 * database said of itself.
 */
export function asMillwrightError(error: unknown): MillwrightError {
  if (error instanceof MillwrightError) return error.details.sqlState ? ofDatabase(error) : error;
  const { code, statusCode, message } = (error ?? {}) as {
    code?: string;
    statusCode?: number;
    message?: string;
  };
  if (statusCode !== undefined && statusCode < 500)
    return new MillwrightError(
      FRAMEWORK[code ?? ""] ?? "invalid_input",
      message ?? "The request could not be read.",
      { cause: error },
    );
  return unknown(error);
}

const unknown = (cause: unknown): MillwrightError =>
  new MillwrightError("internal", "Something went wrong here; the log has the details.", { cause });

const ofDatabase = (error: MillwrightError): MillwrightError =>
  error.code === "internal"
    ? unknown(error.cause ?? error)
    : new MillwrightError(error.code, error.message, { cause: error });

/** RFC 9457 problem details. */
export function problemOf(error: MillwrightError): Problem {
  return {
    type: `urn:millwright:error:${error.code}`,
    title: error.code.replaceAll("_", " "),
    status: ERROR_CODES[error.code].status,
    code: error.code,
    detail: error.message,
    ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
  };
}
