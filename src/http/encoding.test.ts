import { deflateRawSync, deflateSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quietLog } from "../testing/quiet-log.ts";
import { type HttpServer, openServer } from "./server.ts";

const LIMIT = 100_000;
let server: HttpServer;

/** Answers the length of what it got; `/echo` sends it back. */
beforeAll(async () => {
  server = await openServer({
    log: quietLog(),
    port: 0,
    bodyLimit: LIMIT,
    errorBody: (path, problem) => (path === "/length" ? { error: problem.detail } : problem),
    routes: [
      {
        method: "POST",
        path: "/length",
        raw: true,
        handle: ({ body }) => ({ body: { bytes: (body as Uint8Array | undefined)?.length ?? 0 } }),
      },
      {
        method: "POST",
        path: "/echo",
        raw: true,
        handle: ({ body }) => ({ body, type: "application/octet-stream" }),
      },
      { method: "POST", path: "/parsed", handle: ({ body }) => ({ body }) },
    ],
  });
});
afterAll(() => server.close(100));

const post = (path: string, body: Uint8Array | string, headers: Record<string, string> = {}) =>
  fetch(server.url + path, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : Uint8Array.from(body),
  });
const length = async (body: Uint8Array | string, headers?: Record<string, string>) => {
  const answer = await post("/length", body, headers);
  return { status: answer.status, ...((await answer.json()) as object) };
};

describe("bodies of raw routes", () => {
  test("arrive as bytes whatever their type, and may be empty", async () => {
    expect(await length("{not json")).toEqual({ status: 200, bytes: 9 });
    expect(await length("12345", { "content-type": "application/json" })).toMatchObject({
      bytes: 5,
    });
    expect(await length("", {})).toMatchObject({ bytes: 0 });
  });

  test("are decompressed", async () => {
    const text = "x".repeat(50_000);
    for (const [coding, body] of [
      ["gzip", gzipSync(text)],
      ["deflate", deflateSync(text)],
      ["deflate", deflateRawSync(text)],
    ] as const)
      expect(await length(body, { "content-encoding": coding })).toMatchObject({ bytes: 50_000 });
  });

  test("that would grow beyond the limit, are damaged or of unknown coding are refused in words", async () => {
    const bomb = gzipSync(Buffer.alloc(20 * LIMIT));
    expect(bomb.length).toBeLessThan(LIMIT / 10);
    expect(await length(bomb, { "content-encoding": "gzip" })).toEqual({
      status: 413,
      error: expect.stringContaining("100000 bytes when decompressed"),
    });
    expect(await length(gzipSync("hello").subarray(0, 12), { "content-encoding": "gzip" })).toEqual(
      {
        status: 400,
        error: "The body is not valid gzip data.",
      },
    );
    expect(await length("x", { "content-encoding": "br" })).toMatchObject({ status: 415 });
  });

  test("of other routes still need a type that is read", async () => {
    expect((await post("/parsed", "x", { "content-type": "application/x" })).status).toBe(415);
  });
});

describe("answers of raw routes", () => {
  test("are compressed for who asks, from a size where it pays", async () => {
    const body = "y".repeat(5000);
    const answer = await post("/echo", body, { "accept-encoding": "br, gzip" });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(answer.headers.get("vary")).toBe("accept-encoding");
    expect(await answer.text()).toBe(body);
    for (const [text, accepted] of [
      ["short", "gzip"],
      [body, "identity"],
      [body, "gzip;q=0"],
    ] as const) {
      const plain = await post("/echo", text, { "accept-encoding": accepted });
      expect(plain.headers.get("content-encoding")).toBeNull();
      expect(await plain.text()).toBe(text);
    }
  });

  test("bytes leave as they came", async () => {
    const bytes = gzipSync("zipped by the caller for itself");
    const answer = await post("/echo", bytes);
    expect(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString()).toMatch(/for itself$/);
  });
});
