/** Every error code of the platform: the HTTP status it becomes and whether the same call may succeed later. */
export const ERROR_CODES = {
  invalid_input: { status: 400, retryable: false },
  invalid_config: { status: 400, retryable: false },
  invalid_data: { status: 422, retryable: false },
  invalid_model: { status: 422, retryable: false },
  unauthorized: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  conflict: { status: 409, retryable: false },
  gate_failed: { status: 409, retryable: false },
  payload_too_large: { status: 413, retryable: false },
  unsupported: { status: 415, retryable: false },
  cancelled: { status: 409, retryable: false },
  overloaded: { status: 429, retryable: true },
  unavailable: { status: 503, retryable: true },
  storage_full: { status: 507, retryable: true },
  timeout: { status: 504, retryable: true },
  internal: { status: 500, retryable: true },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The body of every error answer (RFC 9457 problem details, plus our code and fields). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly details?: Readonly<Record<string, unknown>>;
}
