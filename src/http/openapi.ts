import { ERROR_CODES } from "../../sdk/src/contract/errors.ts";
import type { HttpRoute, JsonSchema, RouteAbout } from "./http.ts";

export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** Schemas that routes refer to as `#/components/schemas/<name>`. */
  readonly schemas?: Readonly<Record<string, JsonSchema>>;
}

/** The routes, and one more that describes all of them: `GET /openapi.json`, made when it is first asked for. */
export function withOpenApi(routes: readonly HttpRoute[], info: ApiInfo): HttpRoute[] {
  let text: string | undefined;
  const described: HttpRoute = {
    ...{ method: "GET", path: "/openapi.json", access: "open" },
    about: () => ({
      summary: "This document.",
      answer: { "application/json": { type: "object" } },
    }),
    handle() {
      text ??= JSON.stringify(openApi([...routes, described], info));
      return { body: text, type: "application/json; charset=utf-8" };
    },
  };
  return [...routes, described];
}

/** OpenAPI 3.1 of what is mounted. A route that says nothing about itself is there with its path and method. */
export function openApi(routes: readonly HttpRoute[], info: ApiInfo): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.path.replace("*}", "}");
    paths[path] ??= {};
    paths[path]![route.method.toLowerCase()] = operation(route);
  }
  const { title, version, description, schemas = {} } = info;
  return {
    openapi: "3.1.0",
    info: {
      title,
      version,
      description,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: {
          ...{ type: "http", scheme: "bearer" },
          description:
            "MILLWRIGHT_TOKEN, where one is set. Without one only this machine is answered.",
        },
      },
      schemas: { Problem: PROBLEM, ...schemas },
      responses: { Problem: PROBLEM_RESPONSE },
    },
  };
}

function operation(route: HttpRoute): object {
  const about: RouteAbout = route.about?.() ?? { summary: "" };
  const inPath = [...route.path.matchAll(/\{(\w+)\*?\}/g)].map(([, name]) => ({
    ...{
      name: name!,
      in: "path",
      required: true,
      schema: about.path?.[name!] ?? { type: "string" },
    },
  }));
  const inQuery = Object.entries(about.query ?? {}).map(([name, schema]) => ({
    ...{ name, in: "query", required: about.required?.includes(name) ?? false, schema },
  }));
  const parameters = [...inPath, ...inQuery];
  return {
    operationId: about.id ?? idOf(route),
    summary: about.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(about.body === undefined
      ? {}
      : { requestBody: { required: true, content: content(about.body) } }),
    responses: {
      "200": {
        description: "The answer.",
        ...(about.answer === undefined ? {} : { content: content(about.answer) }),
      },
      ...{ "4XX": PROBLEM_REF, "5XX": PROBLEM_REF },
    },
    ...(route.access === "open" ? { security: [] } : {}),
  };
}

const PROBLEM_REF = { $ref: "#/components/responses/Problem" };

const content = (types: Readonly<Record<string, JsonSchema>>): object =>
  Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema }]));

/** `GET /v2/models/{name}/ready` → `getV2ModelsNameReady`. */
const idOf = ({ method, path }: HttpRoute): string =>
  method.toLowerCase() +
  path
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");

const PROBLEM: JsonSchema = {
  type: "object",
  description:
    "RFC 9457 problem details. The code decides what to do; `detail` names the field, the value and the fix. Under /v2 the same text is in `error` too, for MLflow's paths in `message` beside `error_code`.",
  required: ["type", "title", "status", "code", "detail"],
  properties: {
    type: { type: "string", examples: ["urn:millwright:error:invalid_input"] },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", enum: Object.keys(ERROR_CODES) },
    detail: { type: "string" },
    details: {
      type: "object",
      description: "Wrong rows: every wrong field.",
      properties: {
        count: { type: "integer" },
        problems: {
          type: "array",
          items: {
            type: "object",
            properties: {
              row: { type: "integer" },
              column: { type: "string" },
              value: {},
              expected: { type: "string" },
            },
          },
        },
      },
    },
    error: { type: "string" },
    error_code: { type: "string" },
    message: { type: "string" },
  },
};

const PROBLEM_RESPONSE = {
  description: Object.entries(ERROR_CODES)
    .map(
      ([code, { status, retryable }]) => `${status} \`${code}\`${retryable ? " (try again)" : ""}`,
    )
    .join(", "),
  content: {
    "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
  },
};
