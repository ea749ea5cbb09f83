import { Metadata, status as Status } from "@grpc/grpc-js";
import type { ErrorCode } from "../../sdk/src/contract/errors.ts";
import { MillwrightError } from "../errors.ts";

const STATUS: Readonly<Record<ErrorCode, Status>> = {
  invalid_input: Status.INVALID_ARGUMENT,
  invalid_config: Status.INVALID_ARGUMENT,
  invalid_data: Status.INVALID_ARGUMENT,
  invalid_model: Status.FAILED_PRECONDITION,
  unauthorized: Status.UNAUTHENTICATED,
  forbidden: Status.PERMISSION_DENIED,
  not_found: Status.NOT_FOUND,
  method_not_allowed: Status.UNIMPLEMENTED,
  conflict: Status.FAILED_PRECONDITION,
  gate_failed: Status.FAILED_PRECONDITION,
  payload_too_large: Status.RESOURCE_EXHAUSTED,
  unsupported: Status.UNIMPLEMENTED,
  cancelled: Status.CANCELLED,
  overloaded: Status.RESOURCE_EXHAUSTED,
  unavailable: Status.UNAVAILABLE,
  storage_full: Status.RESOURCE_EXHAUSTED,
  timeout: Status.DEADLINE_EXCEEDED,
  internal: Status.INTERNAL,
};

/** What callers get: the status gRPC has for it, our words, and our code in the trailer `millwright-code`. */
export function statusOf(error: MillwrightError): {
  code: Status;
  details: string;
  metadata: Metadata;
} {
  const metadata = new Metadata();
  metadata.set("millwright-code", error.code);
  return { code: STATUS[error.code], details: error.message, metadata };
}

/** What we do not know becomes `internal`, whose text never leaves the process. */
export const asMillwrightError = (error: unknown): MillwrightError =>
  error instanceof MillwrightError
    ? error
    : new MillwrightError("internal", "Something went wrong here; the log has the details.", {
        cause: error,
      });
