import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MillwrightError } from "../errors.ts";
import { quietLog } from "../testing/quiet-log.ts";
import type { HttpRoute } from "./http.ts";
import type { RequestObserver } from "./observer.ts";
import { type HttpServer, openServer, type ServerOptions } from "./server.ts";

const routes: HttpRoute[] = [
  {
    method: "POST",
    path: "/models/{model}/predict",
    hot: true,
    async handle({ params, query, headers, body }) {
      if (params.model === "slow") await new Promise(() => {});
      if (params.model === "full") throw new MillwrightError("overloaded", "Too much.");
      if (params.model === "broken") throw new Error("the password is 1234");
      return { body: { params, query, body, type: headers["content-type"] } };
    },
  },
  {
    method: "POST",
    path: "/raw/{name}",
    hot: true,
    raw: true,
    handle: async ({ body }) => ({
      type: "application/octet-stream",
      headers: { "x-bytes": String((body as Uint8Array).length) },
      body: body as Uint8Array,
    }),
  },
  { method: "POST", path: "/cold", handle: ({ body }) => ({ body: { cold: body } }) },
  { method: "GET", path: "/health", access: "open", handle: () => ({ body: { ok: true } }) },
];

const answered: string[] = [];
const TOKEN = "a-token-of-some-length";
/** The same server with and without its fast lane: open to this machine, behind a token, and impatient. */
let pairs: { readonly fast: HttpServer; readonly plain: HttpServer }[] = [];

beforeAll(async () => {
  const open = (options: Partial<ServerOptions>) =>
    openServer({ routes, log: quietLog(), port: 0, bodyLimit: 2000, ...options });
  const observer: RequestObserver = {
    began: () => undefined,
    answered: ({ route, status }) => void answered.push(`${route} ${status}`),
  };
  pairs = [
    { fast: await open({ observer }), plain: await open({ fastLane: false }) },
    {
      fast: await open({ token: TOKEN }),
      plain: await open({ token: TOKEN, fastLane: false }),
    },
    {
      fast: await open({ timeoutMs: 300 }),
      plain: await open({ timeoutMs: 300, fastLane: false }),
    },
  ];
});
afterAll(() => Promise.all(pairs.flatMap(({ fast, plain }) => [fast.close(50), plain.close(50)])));

/** Whether an answer has come to its end. */
function isWhole(answer: string): boolean {
  const head = answer.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /^content-length: (\d+)/im.exec(answer.slice(0, head))?.[1];
  return length === undefined
    ? answer.endsWith("\r\n0\r\n\r\n")
    : answer.length >= head + 4 + Number(length);
}

/**
 * Writes the parts one after the other and reads until the server ends the connection. The caller's half of it ends at once, or when
 * `enough` says so of what has come.
 */
function converse(
  server: HttpServer,
  parts: readonly (string | Buffer)[],
  enough?: (answer: string) => boolean,
): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ port: Number(new URL(server.url).port), host: "127.0.0.1" });
    socket.setNoDelay(true);
    socket.on("connect", async () => {
      for (const part of parts) {
        if (socket.destroyed) return;
        socket.write(part);
        await new Promise((next) => setImmediate(next));
      }
      if (enough === undefined) setTimeout(() => socket.end());
    });
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
      if (enough?.(answer)) socket.end();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

/** What differs between two servers or two moments. */
const comparable = (answer: string): string =>
  answer
    .replace(/Date: [^\r]*/gi, "Date: D")
    .replace(/req_\w+/g, "req")
    .split("\r\n")
    .map((line) => line.replace(/^[\w-]+:/, (name) => name.toLowerCase()))
    .sort()
    .join("\n");

async function sameAnswers(
  parts: readonly (string | Buffer)[],
  { pair = 0, enough }: { pair?: number; enough?: (answer: string) => boolean } = {},
): Promise<string> {
  const { fast, plain } = pairs[pair]!;
  const [left, right] = (await Promise.all(
    [fast, plain].map((server) => converse(server, parts, enough)),
  )) as [string, string];
  expect(comparable(left)).toBe(comparable(right));
  return left;
}

const request = (
  path: string,
  body: string,
  headers: readonly string[] = [],
  method = "POST",
): string =>
  [
    `${method} ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
    "",
    body,
  ].join("\r\n");

const BODY = '{"rows":[{"a":1.5,"b":"naïve 日本"}]}';

describe("a request in the fast lane is answered as without it", () => {
  test.each([
    ["a plain one", [request("/models/m/predict", BODY)]],
    [
      "two behind each other",
      [request("/models/a/predict", BODY) + request("/models/b/predict", "[1]")],
    ],
    ["cut anywhere", [...request("/models/m/predict", BODY)].map((c) => Buffer.from(c))],
    ["bytes, not JSON", [request("/raw/x", "{not json \u0001")]],
    ["no body", [request("/models/m/predict", "")]],
    ["broken JSON", [request("/models/m/predict", "{")]],
    ["a prototype in JSON", [request("/models/m/predict", '{"__proto__":{"x":1}}')]],
    ["an escaped prototype", [request("/models/m/predict", '{"\\u005f_proto__":{"x":1}}')]],
    ["a constructor in JSON", [request("/models/m/predict", '{"constructor":{"prototype":1}}')]],
    ["too large a body", [request("/models/m/predict", JSON.stringify("x".repeat(3000)))]],
    ["a query", [request("/models/m/predict?a=1", BODY)]],
    ["an encoded name", [request("/models/a%20b/predict", BODY)]],
    ["a slash at the end", [request("/models/m/predict/", BODY)]],
    ["an overloaded handler", [request("/models/full/predict", BODY)]],
    ["a failing handler", [request("/models/broken/predict", BODY)]],
    ["an id of the caller's", [request("/models/m/predict", BODY, ["x-request-id: mine-1"])]],
    ["a hostile id", [request("/models/m/predict", BODY, ["x-request-id: <script>"])]],
    ["a little compression", [request("/raw/x", "y".repeat(500), ["Accept-Encoding: gzip"])]],
    ["another site's page", [request("/models/m/predict", BODY, ["Origin: https://evil.example"])]],
    ["another method", [request("/models/m/predict", BODY, [], "PUT")]],
    ["another route", [request("/cold", BODY)]],
    [
      "fast, then another route, then fast",
      [
        request("/models/m/predict", BODY) +
          request("/cold", "1") +
          request("/models/m/predict", "2"),
      ],
    ],
    ["no host", [`POST /models/m/predict HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}`]],
    ["a length twice", [request("/models/m/predict", "{}", ["Content-Length: 3"])]],
    [
      "a length and chunks",
      [request("/models/m/predict", "0\r\n\r\n", ["Transfer-Encoding: chunked"])],
    ],
    ["a blank before the colon", [request("/models/m/predict", "{}", ["X-A : 1"])]],
    ["a folded header", [request("/models/m/predict", "{}", ["X-A: 1\r\n  2"])]],
    ["a lone line feed", [request("/models/m/predict", "{}", ["X-A: 1\nX-B: 2"])]],
    [
      "a signed length",
      [`POST /models/m/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: +2\r\n\r\n{}`],
    ],
    ["HTTP/1.0", [request("/models/m/predict", "{}").replace("HTTP/1.1", "HTTP/1.0")]],
    ["no HTTP at all", ["\u0000\u0001 nonsense\r\n\r\n"]],
    ["expects 100", [request("/models/m/predict", BODY, ["Expect: 100-continue"])]],
    ["asked to close", [request("/models/m/predict", BODY, ["Connection: close"])]],
  ])("%s", async (_, parts) => {
    await sameAnswers(parts);
  });

  test("a handler that takes too long", async () => {
    const slow = request("/models/slow/predict", BODY);
    const text = await sameAnswers([slow], { pair: 2, enough: isWhole });
    expect(text).toMatch(/^HTTP\/1\.1 504/);
  });

  test("compressed", async () => {
    const asked = request("/raw/x", "y".repeat(1500), ["Accept-Encoding: gzip"]);
    const text = await sameAnswers([asked], { enough: isWhole });
    expect(text).toMatch(/content-encoding: gzip/);
  });

  test("behind a token: with it, without it, with a wrong one", async () => {
    for (const headers of [[`Authorization: Bearer ${TOKEN}`], [], ["Authorization: Bearer x"]])
      await sameAnswers([request("/models/m/predict", BODY, headers)], { pair: 1 });
  });

  test("to this machine only, by whatever name it is called", async () => {
    for (const host of [
      "localhost:1",
      "[::1]:7",
      "127.9.9.9",
      "evil.example",
      "127.0.0.1.evil.example",
    ])
      await sameAnswers([request("/models/m/predict", BODY).replace("127.0.0.1", host)]);
  });

  test("whatever headers and bodies come", async () => {
    const token = fc.constantFrom("x-a", "Accept", "content-length", "TE", "host", "x y", "é", "");
    const value = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom("1", "0", "gzip", "\t"));
    const odd = fc.record({
      path: fc.constantFrom("/models/m/predict", "/models//predict", "/raw/..", "//", "/raw/a;b"),
      headers: fc.array(
        fc.tuple(token, value).map(([name, text]) => `${name}: ${text}`),
        { maxLength: 3 },
      ),
      body: fc.oneof(fc.json({ maxDepth: 2 }), fc.string({ maxLength: 40 })),
      cut: fc.nat({ max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(odd, async ({ path, headers, body, cut }) => {
        const text = Buffer.from(request(path, body, headers));
        await sameAnswers([text.subarray(0, cut), text.subarray(cut)]);
      }),
      { numRuns: Number(process.env.LANE_RUNS ?? 60) },
    );
  });
});

describe("the fast lane", () => {
  test("is where plain requests go: it answers and counts them", async () => {
    answered.length = 0;
    const text = await converse(pairs[0]!.fast, [request("/models/m/predict", BODY)]);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nx-request-id: req_/);
    expect(answered).toEqual(["/models/{model}/predict 200"]);
  });

  test("who sends half a request and then nothing is told so and sent away", async () => {
    const half = request("/models/m/predict", BODY).slice(0, 60);
    expect(await converse(pairs[2]!.fast, [half], () => false)).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("a server that closes answers what it has begun, says so and ends the connection", async () => {
    let finish: () => void = () => {};
    let arrived: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const waits: HttpRoute = {
      method: "POST",
      path: "/wait/{x}",
      hot: true,
      handle: () =>
        new Promise((resolve) => {
          finish = () => resolve({ body: "done" });
          arrived();
        }),
    };
    const server = await openServer({ routes: [waits], log: quietLog(), port: 0 });
    const answer = converse(server, [request("/wait/a", "1")]);
    await begun;
    const closed = server.close();
    finish();
    expect(await answer).toMatch(/Connection: close\r\n\r\n"done"$/);
    await closed;
  });
});
