import { describe, expect, test } from "vitest";
import { z } from "zod";
import { datasets } from "../../sdk/src/contract/datasets.ts";
import { endpoint } from "../../sdk/src/contract/endpoint.ts";
import { families } from "../../sdk/src/contract/families.ts";
import { incidents } from "../../sdk/src/contract/incidents.ts";
import { models } from "../../sdk/src/contract/models.ts";
import { predictions } from "../../sdk/src/contract/predictions.ts";
import { routing } from "../../sdk/src/contract/routing.ts";
import { runs } from "../../sdk/src/contract/runs.ts";
import { scoring } from "../../sdk/src/contract/scoring.ts";
import { gatewayApi, servingRoutes } from "../serving/routes.ts";
import { mount } from "./mount.ts";
import { openApi, withOpenApi } from "./openapi.ts";

const info = { title: "t", version: "1", description: "d" };
type Operation = {
  operationId: string;
  summary: string;
  parameters?: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  responses: Record<string, object>;
  security?: object[];
};
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: object };
};

const everything = [
  ["the gateway", servingRoutes({ about: info } as never), gatewayApi("1")],
  [
    "control",
    [datasets, families, incidents, models, predictions, routing, runs, scoring].flatMap(
      (contract) => mount(contract as never, {} as never),
    ),
    info,
  ],
] as const;

describe.each(everything)("the document of %s", (_, routes, about) => {
  const document = openApi(routes, about) as Document;

  test("has every route that is mounted, with words and a name of its own", () => {
    const operations = routes.map(({ method, path }) => {
      const operation = document.paths[path]?.[method.toLowerCase()];
      if (operation === undefined) throw new Error(`${method} ${path} is not described`);
      return operation;
    });
    for (const operation of operations) expect(operation.summary).not.toBe("");
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(routes.length);
    const listed = Object.values(document.paths).flatMap((path) => Object.keys(path));
    expect(listed).toHaveLength(routes.length);
  });

  test("refers to nothing that is not in it", () => {
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(document.components.schemas).toHaveProperty(name!);
    expect(text).not.toContain("#/$defs");
  });
});

test("a contract says where its fields travel, which are needed, and what may go wrong", () => {
  const routes = mount(
    {
      put: endpoint({
        ...{ method: "POST", path: "/things/{name}", summary: "Puts." },
        input: z.object({ name: z.string(), size: z.number().min(1), note: z.string().optional() }),
        output: z.object({ kept: z.boolean() }),
      }),
      find: endpoint({
        ...{ method: "GET", path: "/things", summary: "Finds." },
        input: z.object({ like: z.string(), limit: z.coerce.number().default(10) }),
        output: z.array(z.string()),
      }),
    },
    { put: () => ({ kept: true }), find: () => [] },
  );
  const { paths } = openApi(routes, info) as Document;
  const put = paths["/things/{name}"]!.post!;
  expect(put).toMatchObject({ operationId: "put", summary: "Puts." });
  expect(put.parameters).toEqual([
    { name: "name", in: "path", required: true, schema: { type: "string" } },
  ]);
  expect(put.requestBody!.content["application/json"]!.schema).toMatchObject({
    ...{ type: "object", required: ["size"], additionalProperties: false },
    properties: { size: { type: "number", minimum: 1 }, note: { type: "string" } },
  });
  expect(Object.keys(put.responses)).toEqual(["200", "4XX", "5XX"]);
  const find = paths["/things"]!.get!;
  expect(find.parameters!.map((p) => [p.name, p.in, p.required])).toEqual([
    ["like", "query", true],
    ["limit", "query", false],
  ]);
});

test("the document is a route, made when it is asked for", async () => {
  let asked = 0;
  const about = () => {
    asked++;
    return { summary: "Says hello." };
  };
  const routes = withOpenApi([{ method: "GET", path: "/hello", about, handle: () => ({}) }], info);
  expect(asked).toBe(0);
  const { handle } = routes.find(({ path }) => path === "/openapi.json")!;
  await handle({} as never);
  const { body } = await handle({} as never);
  expect(asked).toBe(1);
  expect(Object.keys(JSON.parse(body as string).paths)).toEqual(["/hello", "/openapi.json"]);
});
