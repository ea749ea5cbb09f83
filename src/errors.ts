import { ERROR_CODES, type ErrorCode } from "../sdk/src/contract/errors.ts";

/** The only error class. `message` says what, with which value, and what to do; `code` decides HTTP status and retry. */
export class MillwrightError extends Error {
  override readonly name = "MillwrightError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}
