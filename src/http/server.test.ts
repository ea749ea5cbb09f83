import { request as rawRequest } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { client } from "../../sdk/src/client.ts";
import { endpoint } from "../../sdk/src/contract/endpoint.ts";
import { MillwrightError } from "../errors.ts";
import type { HttpAnswer, HttpRoute } from "./http.ts";
import { mount } from "./mount.ts";
import { type HttpServer, openServer, type ServerOptions } from "./server.ts";

const logged: string[] = [];
const log = {
  debug() {},
  info() {},
  warn() {},
  error: (message: string, fields?: object) => logged.push(`${message} ${JSON.stringify(fields)}`),
};
const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(100)));
});

const greetings = {
  greet: endpoint({
    method: "POST",
    path: "/greet/{name}",
    summary: "Greets.",
    input: z.object({ name: z.string(), times: z.number().int().min(1) }),
    output: z.object({ text: z.string() }),
  }),
  list: endpoint({
    method: "GET",
    path: "/greet",
    summary: "Lists.",
    input: z.object({ limit: z.coerce.number().default(10) }),
    output: z.object({ limit: z.number() }),
  }),
};

const routes: HttpRoute[] = [
  ...mount(greetings, {
    greet: ({ name, times }) => ({ text: `hello ${name} `.repeat(times).trim() }),
    list: ({ limit }) => ({ limit }),
  }),
  {
    method: "GET",
    path: "/fails",
    handle: () => {
      throw new Error("the password is 1234");
    },
  },
  {
    method: "GET",
    path: "/full",
    handle: () => {
      throw new MillwrightError("overloaded", "Too much.", { details: { queued: 7 } });
    },
  },
  { method: "GET", path: "/slow", handle: () => new Promise(() => {}) },
  { method: "POST", path: "/echo", handle: ({ body }) => ({ body: { body } }) },
  { method: "GET", path: "/health", access: "open", handle: () => ({ body: { ok: true } }) },
  {
    method: "GET",
    path: "/stream",
    handle: () => ({
      type: "text/event-stream",
      body: (async function* () {
        yield "data: 1\n\n";
        yield "data: 2\n\n";
      })(),
    }),
  },
];

async function serve(options: Partial<ServerOptions> = {}): Promise<HttpServer> {
  const server = await openServer({ routes, log, port: 0, ...options });
  open.push(server);
  return server;
}

async function problem(answer: Response): Promise<Record<string, unknown>> {
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  return { ...((await answer.json()) as object), http: answer.status };
}

describe("the HTTP server", () => {
  test("a contract gives routes here and typed functions there", async () => {
    const { url } = await serve();
    const api = client(greetings, { url });
    expect(await api.greet({ name: "a b/c", times: 2 })).toEqual({
      text: "hello a b/c hello a b/c",
    });
    expect(await api.list({ limit: 3 })).toEqual({ limit: 3 });
    expect(await api.list({})).toEqual({ limit: 10 });
    await expect(api.greet({ name: "x", times: 0 })).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("times"),
    });
  });

  test("unknown and misplaced fields are errors that name them", async () => {
    const { url } = await serve();
    const post = (body: unknown) =>
      fetch(`${url}/greet/x`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await problem(await post({ times: 1, tims: 2 }))).detail).toContain("tims");
    expect((await problem(await post({ times: 1, name: "y" }))).detail).toContain("name");
    expect((await problem(await post([1]))).detail).toContain("JSON object");
    expect((await problem(await fetch(`${url}/greet?limit=ten`))).detail).toContain("limit");
  });

  test("every error is a problem, and unknown ones tell nothing about the inside", async () => {
    const { url } = await serve();
    const hurried = await serve({ timeoutMs: 200 });
    expect(await problem(await fetch(`${url}/fails`))).toMatchObject({
      http: 500,
      code: "internal",
      detail: expect.not.stringContaining("1234"),
    });
    expect(logged.at(-1)).toContain("1234");
    expect(await problem(await fetch(`${url}/full`))).toMatchObject({
      http: 429,
      code: "overloaded",
      details: { queued: 7 },
    });
    expect(await problem(await fetch(`${hurried.url}/slow`))).toMatchObject({
      ...{ http: 504, code: "timeout" },
    });
    expect(await problem(await fetch(`${url}/nothing`))).toMatchObject({ http: 404 });
    expect(await problem(await fetch(`${url}/%zz`))).toMatchObject({ http: 400 });
    const wrong = await fetch(`${url}/greet/x`, { method: "PUT" });
    expect(wrong.headers.get("allow")).toBe("POST");
    expect(await problem(wrong)).toMatchObject({ http: 405, code: "method_not_allowed" });
  });

  test("bodies: text is text, broken JSON, wrong types and too large ones are refused", async () => {
    const { url } = await serve({ bodyLimit: 1000 });
    const post = (type: string, body: string) =>
      fetch(`${url}/echo`, { method: "POST", headers: { "content-type": type }, body });
    expect(await (await post("text/csv", "a,b\n1,2")).json()).toEqual({ body: "a,b\n1,2" });
    expect(await problem(await post("application/json", "{"))).toMatchObject({ http: 400 });
    expect(await problem(await post("application/json", ""))).toMatchObject({ http: 400 });
    expect(await problem(await post("application/json", '{"__proto__":{"x":1}}'))).toMatchObject({
      http: 400,
    });
    expect(await problem(await post("image/png", "x"))).toMatchObject({ http: 415 });
    expect(
      await problem(await post("application/json", JSON.stringify("x".repeat(2000)))),
    ).toMatchObject({ http: 413, code: "payload_too_large" });
  });

  test("answers can be streams, and carry the caller's request id", async () => {
    const { url } = await serve();
    expect(await (await fetch(`${url}/stream`)).text()).toBe("data: 1\n\ndata: 2\n\n");
    const named = await fetch(`${url}/health`, { headers: { "x-request-id": "mine-1" } });
    expect(named.headers.get("x-request-id")).toBe("mine-1");
    const hostile = await fetch(`${url}/health`, { headers: { "x-request-id": "a b<script>" } });
    expect(hostile.headers.get("x-request-id")).toMatch(/^req_/);
  });

  test("never listens to the world without a token, and then asks for it", async () => {
    await expect(serve({ host: "0.0.0.0" })).rejects.toMatchObject({ code: "invalid_config" });
    const { url } = await serve({ host: "0.0.0.0", token: "s3cret" });
    expect(await problem(await fetch(`${url}/greet`))).toMatchObject({ http: 401 });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const withToken = { headers: { authorization: "Bearer s3cret" } };
    expect((await fetch(`${url}/greet`, withToken)).status).toBe(200);
  });

  test("without a token, pages of other sites and other host names are refused", async () => {
    const { url } = await serve();
    const foreign = await fetch(`${url}/greet`, { headers: { origin: "https://evil.example" } });
    expect(await problem(foreign)).toMatchObject({ http: 403 });
    const status = await new Promise((resolve) =>
      rawRequest(`${url}/greet`, { headers: { host: "evil.example" } }, (answer) =>
        resolve(answer.statusCode),
      ).end(),
    );
    expect(status).toBe(403);
  });

  test("a taken port is a clear error", async () => {
    const { url } = await serve();
    const port = Number(new URL(url).port);
    await expect(serve({ port })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(String(port)),
    });
  });

  test("what is no HTTP at all is answered and dropped", async () => {
    const { url } = await serve();
    const text = await new Promise<string>((resolve) => {
      let answer = "";
      const socket = connect(Number(new URL(url).port), "127.0.0.1", () =>
        socket.write("\u0000\u0001 nonsense\r\n\r\n"),
      );
      socket.on("data", (bytes) => {
        answer += bytes;
      });
      socket.on("close", () => resolve(answer));
    });
    expect(text).toMatch(/^HTTP\/1\.1 400/);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test("closing lets requests in flight finish", async () => {
    let finish: (answer: HttpAnswer) => void = () => {};
    let arrived: () => void = () => {};
    const started = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const slow: HttpRoute = {
      method: "GET",
      path: "/wait",
      handle: () =>
        new Promise((resolve) => {
          finish = resolve;
          arrived();
        }),
    };
    const server = await openServer({ routes: [slow], log, port: 0 });
    const answer = fetch(`${server.url}/wait`);
    await started;
    const closed = server.close();
    finish({ body: "done" });
    expect(await (await answer).json()).toBe("done");
    await closed;
  });
});
