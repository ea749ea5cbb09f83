import { z } from "zod";
import type { Contract, Endpoint } from "../../sdk/src/contract/endpoint.ts";
import { pathParameters } from "../../sdk/src/contract/endpoint.ts";
import { MillwrightError } from "../errors.ts";
import type { HttpRequest, HttpRoute, JsonSchema, RouteAbout } from "./http.ts";

/** One handler per entry of the contract; leaving one out or answering the wrong shape does not compile. */
export type Handlers<C extends Contract> = {
  readonly [K in keyof C]: (
    input: z.output<C[K]["input"]>,
    request: HttpRequest,
  ) => Promise<z.input<C[K]["output"]>> | z.input<C[K]["output"]>;
};

/** Inputs that are plainly right, made without the schema; undefined = let the schema judge. Never more lenient than the schema. */
export type Shortcuts<C extends Contract> = {
  readonly [K in keyof C]?: (
    body: Readonly<Record<string, unknown>>,
    params: Readonly<Record<string, string>>,
  ) => z.output<C[K]["input"]> | undefined;
};

/** Routes for a contract: input (path, query or body) is checked before the handler sees it. Unknown fields are errors. */
export function mount<C extends Contract>(
  contract: C,
  handlers: Handlers<C>,
  shortcuts: Shortcuts<C> = {},
): HttpRoute[] {
  return Object.entries(contract).map(([name, endpoint]) => {
    const handler = handlers[name as keyof C];
    const shortcut = shortcuts[name as keyof C];
    const input = endpoint.input.strict();
    const fromQuery = endpoint.method === "GET" || endpoint.method === "DELETE";
    const parameters = pathParameters(endpoint.path);
    return {
      method: endpoint.method,
      path: endpoint.path,
      about: () => aboutEndpoint(name, endpoint),
      async handle(request) {
        const given = fromQuery ? request.query : bodyOf(request.body);
        const plain = fromQuery ? undefined : shortcut?.(given, request.params);
        if (plain !== undefined) return { body: await handler(plain, request) };
        const clash = parameters.find((parameter) => parameter in given);
        if (clash !== undefined)
          throw new MillwrightError(
            "invalid_input",
            `${clash}: belongs in the path ${endpoint.path} only; leave it out of the ${fromQuery ? "query" : "body"}.`,
          );
        const checked = input.safeParse({ ...given, ...request.params });
        if (!checked.success) throw invalidInput(checked.error);
        return { body: await handler(checked.data as never, request) };
      },
    };
  });
}

function bodyOf(body: unknown): Readonly<Record<string, unknown>> {
  if (body === undefined) return {};
  if (typeof body === "object" && body !== null && !Array.isArray(body))
    return body as Record<string, unknown>;
  throw new MillwrightError("invalid_input", "The body must be a JSON object.");
}

function invalidInput(error: z.ZodError): MillwrightError {
  const problems = error.issues
    .slice(0, 50)
    .map((issue) => ({ field: issue.path.join("."), message: issue.message }));
  const text = problems
    .slice(0, 5)
    .map(({ field, message }) => (field === "" ? message : `${field}: ${message}`))
    .join("; ");
  return new MillwrightError("invalid_input", text, { details: { problems } });
}

/** Where the fields of the input travel: path, query (GET, DELETE) or body. */
function aboutEndpoint(id: string, { method, path, summary, input, output }: Endpoint): RouteAbout {
  const { properties = {}, required = [] } = schemaOf(input, "input") as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const inPath = pathParameters(path);
  const others = Object.entries(properties).filter(([name]) => !inPath.includes(name));
  const needed = required.filter((name) => !inPath.includes(name));
  const fields = Object.fromEntries(others);
  return {
    ...{ id, summary, path: properties },
    ...(method === "GET" || method === "DELETE"
      ? { query: fields, required: needed }
      : others.length === 0
        ? {}
        : {
            body: {
              "application/json": {
                ...{ type: "object", properties: fields, additionalProperties: false },
                ...(needed.length === 0 ? {} : { required: needed }),
              },
            },
          }),
    answer: { "application/json": schemaOf(output, "output") },
  };
}

/** What JSON Schema has no words for (rows are checked against the model) is any value. */
function schemaOf(type: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(type, { io, unrepresentable: "any" });
  return schema;
}
