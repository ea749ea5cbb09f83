import type { z } from "zod";
import type { HttpRequest, HttpRoute } from "../../http/http.ts";
import { utf8Text } from "../../lib/utf8.ts";
import { invalidParameter } from "./errors.ts";
import { queryFields, readFields } from "./fields.ts";

/** One call of MLflow's REST API. */
export interface Rpc<T extends z.ZodObject = z.ZodObject> {
  /** Several where old clients use another. */
  readonly method: HttpRoute["method"] | readonly HttpRoute["method"][];
  /** After `/api/2.0/mlflow`: `/runs/get`, `/logged-models/{model_id}`, `-artifacts/…`. Parameters are fields of the input. */
  readonly path: string;
  /** Of the API: 2 when left out. */
  readonly version?: 2 | 3;
  readonly summary: string;
  readonly input: T;
  /** As of an HttpRoute. */
  readonly patient?: boolean;
  /** Without a body the answer is `{}`, which is how the protocol says that it is done. */
  handle(input: z.output<T>, request: HttpRequest): ReturnType<HttpRoute["handle"]>;
}

/** Keeps the type of the input between schema and handler. */
export const rpc = <T extends z.ZodObject>(call: Rpc<T>): Rpc => call as unknown as Rpc;

/** Every call, for programs (`/api`) and under the name that MLflow's own pages use (`/ajax-api`). */
export function rpcRoutes(calls: readonly Rpc[]): HttpRoute[] {
  return calls.flatMap((call) =>
    [call.method]
      .flat()
      .flatMap((method) => (["api", "ajax-api"] as const).map((root) => route(call, method, root))),
  );
}

function route(call: Rpc, method: HttpRoute["method"], root: string): HttpRoute {
  return {
    method,
    path: `/${root}/${call.version ?? 2}.0/mlflow${call.path}`,
    raw: true,
    patient: call.patient === true,
    about: () => ({ summary: `MLflow: ${call.summary}` }),
    handle(request) {
      const given =
        method === "GET" ? queryFields(call.input, request.query) : readBody(request, method);
      const input = readFields(call.input, { ...given, ...request.params }, () =>
        request.body instanceof Uint8Array ? utf8Text(request.body) : "",
      );
      return call.handle(input, request);
    },
  };
}

/** POST, PUT and PATCH must say that they are JSON; DELETE may come without a body. */
function readBody(
  { headers, body }: HttpRequest,
  method: string,
): Readonly<Record<string, unknown>> {
  const bytes = body as Uint8Array | undefined;
  const type = headers["content-type"];
  if (method !== "DELETE" || (bytes !== undefined && bytes.length > 0)) {
    if (type === undefined) throw invalidParameter("Bad Request. Content-Type header is missing.");
    if (type.split(";", 1)[0]!.trim().toLowerCase() !== "application/json")
      throw invalidParameter("Bad Request. Content-Type must be one of ['application/json'].");
  }
  if (bytes === undefined || bytes.length === 0) return {};
  return objectOf(parse(bytes));
}

function parse(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(utf8Text(bytes));
    // Very old clients send the JSON of a JSON text.
    return typeof value === "string" ? JSON.parse(value) : value;
  } catch (cause) {
    throw invalidParameter(`The body is not JSON: ${(cause as Error).message}`);
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalidParameter("The body must be a JSON object.");
}
