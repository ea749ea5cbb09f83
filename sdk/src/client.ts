import type { Contract, InputOf, OutputOf } from "./contract/endpoint.ts";
import { pathParameters } from "./contract/endpoint.ts";
import type { ErrorCode, Problem } from "./contract/errors.ts";

export type Client<C extends Contract> = {
  readonly [K in keyof C]: (input: InputOf<C[K]>) => Promise<OutputOf<C[K]>>;
};

export interface ClientOptions {
  /** e.g. `http://127.0.0.1:7001`, without a slash at the end. */
  readonly url: string;
  /** Bearer token, when the server asks for one. */
  readonly token?: string;
  /** Another implementation of `fetch`, for tests. */
  readonly fetch?: typeof globalThis.fetch;
}

/** What the server answered when it did not do what was asked: `problem.detail` is meant to be shown. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: ErrorCode;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.code = problem.code;
    this.problem = problem;
  }
}

/**
 * One typed function per entry of the contract. Rejects with RequestError when the server says no or what is not in the contract,
 * TypeError when it is not there.
 */
export function client<C extends Contract>(contract: C, options: ClientOptions): Client<C> {
  const send = options.fetch ?? globalThis.fetch;
  const call = async (name: keyof C, input: Record<string, unknown>): Promise<unknown> => {
    const { method, path, output } = contract[name]!;
    const rest = { ...input };
    for (const parameter of pathParameters(path)) delete rest[parameter];
    const asQuery = method === "GET" || method === "DELETE";
    const answer = await send(options.url + fill(path, input) + (asQuery ? query(rest) : ""), {
      method,
      headers: {
        ...(asQuery ? {} : { "content-type": "application/json" }),
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      },
      ...(asQuery ? {} : { body: JSON.stringify(rest) }),
    });
    const body = await answer.json().catch((error: unknown) => {
      // Gone in the middle of its answer.
      if (error instanceof TypeError) throw error;
      return undefined;
    });
    if (!answer.ok) throw new RequestError(asProblem(answer.status, body));
    const read = output.safeParse(body);
    if (read.success) return read.data;
    throw new RequestError(
      unexpected(
        BAD_GATEWAY,
        `The server's answer to ${method} ${path} is not understood; is a proxy in between, or is the server of another version?`,
      ),
    );
  };
  return Object.fromEntries(
    Object.keys(contract).map((name) => [name, (input: object) => call(name, { ...input })]),
  ) as unknown as Client<C>;
}

const fill = (path: string, input: Readonly<Record<string, unknown>>): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input[name])));

function query(input: Readonly<Record<string, unknown>>): string {
  // A list is its field repeated.
  const entries = Object.entries(input).flatMap(([key, value]) =>
    [value]
      .flat()
      .map((one): [string, string] | undefined =>
        one === undefined ? undefined : [key, String(one)],
      ),
  );
  const fields = new URLSearchParams(entries.filter((entry) => entry !== undefined));
  return fields.size === 0 ? "" : `?${fields}`;
}

/** As HTTP calls it when what answered is not who was asked. */
const BAD_GATEWAY = 502;

/** For the calls of MLflow's protocol, whose errors have codes of their own. */
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: "invalid_input",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  429: "overloaded",
  503: "unavailable",
  504: "timeout",
};

function asProblem(status: number, body: unknown): Problem {
  if (typeof body === "object" && body !== null && "code" in body && "detail" in body)
    return body as Problem;
  if (typeof body === "object" && body !== null && "error_code" in body && "message" in body)
    return {
      ...{ type: "about:blank", title: String(body.error_code), status },
      ...{ code: BY_STATUS[status] ?? "internal", detail: String(body.message) },
    };
  return unexpected(
    status,
    `The server answered ${status} without a problem description; is a proxy in between?`,
  );
}

const unexpected = (status: number, detail: string): Problem => ({
  ...{ type: "about:blank", title: "unexpected answer", status },
  ...{ code: "internal", detail },
});
