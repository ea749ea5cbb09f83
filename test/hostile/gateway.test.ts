/** What strangers send to a gateway: refused in words, nothing falls, nothing grows. The built program, over real sockets. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../../src/lib/digest.ts";
import { random } from "../../src/lib/random.ts";
import { servingStore } from "../../src/serving/store.ts";
import { fileBlobs } from "../../src/storage/blobs/files.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { mailModel } from "../scenarios/tiny-models.ts";

let db: TestDatabase;
let gateway: ChildProcess;
let port: number;
let said = "";

beforeAll(async () => {
  db = await testDatabase();
  const project = join(db.folder, "project");
  const blobs = fileBlobs(join(project, ".millwright/blobs"));
  const champion = { id: digestOf("v1"), number: 1, onnx: await blobs.put(mailModel(0)) };
  await servingStore(db.sql).setRoute({
    ...{ model: "mail", champion, shadow: undefined, fields: {}, reason: "test" },
  });
  writeFileSync(join(project, "millwright.config.ts"), "export default {};\n");
  port = await freePort();
  const env = {
    ...process.env,
    DATABASE_URL: db.url,
    MILLWRIGHT_GATEWAY_PORT: String(port),
    MILLWRIGHT_GRPC_PORT: String(await freePort()),
    MILLWRIGHT_LOG: "warn",
  };
  gateway = spawn(process.execPath, ["dist/main.js", "start", "gateway", "--project", project], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  gateway.stderr!.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  while (!(await answers())) await pause(50);
});
afterAll(async () => {
  gateway?.kill("SIGKILL");
  await db?.stop();
});

/** An ordinary caller gets an ordinary answer. */
async function answers(): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/models/mail/predict`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"rows":[{"amount":1}]}',
    });
    return response.status === 200;
  } catch {
    return false;
  }
}

/** Sends bytes as they are; what comes back until the other side closes or is silent. */
function send(bytes: string | Buffer, silentMs = 300): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(got));
  });
}

const statuses = (got: string): number[] =>
  [...got.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => Number(match[1]));

function request(body: string | Buffer, headers: readonly string[] = [], path?: string): Buffer {
  const bytes = Buffer.from(body);
  const lines = [
    `POST ${path ?? "/models/mail/predict"} HTTP/1.1`,
    "Host: 127.0.0.1",
    ...(headers.some((h) => /^content-type/i.test(h)) ? [] : ["Content-Type: application/json"]),
    ...(headers.some((h) => /length|transfer/i.test(h)) ? [] : [`Content-Length: ${bytes.length}`]),
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

const GOOD = '{"rows":[{"amount":1}]}';
const SECOND = "GET /v2 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

describe("one connection", () => {
  const smuggled: [string, Buffer | string][] = [
    ["two lengths", request(GOOD, ["Content-Length: 5", `Content-Length: ${GOOD.length}`])],
    ["length and chunks", request(GOOD, ["Content-Length: 5", "Transfer-Encoding: chunked"])],
    ["chunks in disguise", request(GOOD, ["Transfer-Encoding: xchunked"])],
    ["chunks twice", request(GOOD, ["Transfer-Encoding: chunked, chunked"])],
    ["a length that is none", request(GOOD, ["Content-Length: 0x10"])],
    ["a negative length", request(GOOD, ["Content-Length: -1"])],
    ["a space before the colon", request(GOOD, [`Content-Length : ${GOOD.length}`])],
    ["a header without a name", request(GOOD, [": x"])],
    ["a zero byte in a header", request(GOOD, ["X-A: a\0b"])],
    ["headers without end", `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"a".repeat(100_000)}`],
    ["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(20)],
    [
      "a chunk of a size that is none",
      request("ZZ\r\n{}\r\n0\r\n\r\n", ["Transfer-Encoding: chunked"]),
    ],
  ];
  test.each(smuggled)(
    "%s: refused, and nothing behind it is taken for a request",
    async (_, bytes) => {
      const got = statuses(
        await send(Buffer.concat([Buffer.from(bytes as string), Buffer.from(SECOND)])),
      );
      expect(got.filter((status) => status < 400 || status >= 500)).toEqual([]);
      expect(await answers()).toBe(true);
    },
  );

  test("half a body, then gone", async () => {
    for (let i = 0; i < 50; i++)
      await send(request(GOOD.slice(0, 9), [`Content-Length: ${GOOD.length}`]), 5);
    expect(await answers()).toBe(true);
  });

  test("bodies that come a byte at a time hold nobody else up", async () => {
    const slow = Array.from({ length: 100 }, () => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(request("", ["Content-Length: 100000"]));
      });
      socket.on("error", () => {});
      const drip = setInterval(() => socket.writable && socket.write(" "), 20);
      return () => {
        clearInterval(drip);
        socket.destroy();
      };
    });
    for (let i = 0; i < 20; i++) {
      expect(await answers()).toBe(true);
      await pause(10);
    }
    for (const end of slow) end();
    expect(await answers()).toBe(true);
  });
});

describe("bodies", () => {
  const deep = (open: string, n: number, close: string) => open.repeat(n) + close.repeat(n);
  const many = JSON.stringify({ rows: Array.from({ length: 100_001 }, () => ({})) });
  const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`f${i}`, i]));
  const tensor = (shape: unknown, data: unknown, datatype = "FP32") =>
    JSON.stringify({ inputs: [{ name: "amount", datatype, shape, data }] });
  const infer = "/v2/models/mail/infer";
  const bodies: [string, string, string?][] = [
    ["arrays in arrays", deep("[", 500_000, "]")],
    ["arrays in arrays without an end", "[".repeat(1_000_000)],
    ["objects in objects", `{"rows":[${deep('{"a":', 100_000, "1}")}]}`.replace("1}1", "1")],
    ["a deep cell", `{"rows":[{"amount":${deep("[", 200_000, "]")}}]}`],
    ["a deep tensor", tensor([1], "D").replace('"D"', deep("[", 200_000, "]")), infer],
    ["too many rows", many],
    ["a hundred thousand unknown fields", JSON.stringify({ rows: [wide] })],
    ["a number beyond numbers", '{"rows":[{"amount":1e999}]}'],
    ["NaN", '{"rows":[{"amount":NaN}]}'],
    ["a prototype", '{"rows":[{"__proto__":{"amount":1}}]}'],
    ["a constructor", '{"constructor":{"prototype":{"a":1}},"rows":[{"amount":1}]}'],
    [
      "a text of 2 MB where a number should be",
      JSON.stringify({ rows: [{ amount: "9".repeat(2e6) }] }),
    ],
    ["lone surrogates", '{"rows":[{"domain":"\\ud800","amount":"\\udfff"}]}'],
    ["half a UTF-8 character", '{"rows":[{"amount":"\xc3'],
    ["a byte order mark", "\ufeff{}"],
    ["no rows", '{"rows":[]}'],
    ["a shape beyond memory", tensor([9_007_199_254_740_991], [1]), infer],
    ["a shape whose product overflows", tensor([4_294_967_296, 4_294_967_296], [1]), infer],
    ["a negative shape", tensor([-1], [1]), infer],
    ["a shape of fractions", tensor([1.5], [1]), infer],
    [
      "a shape of a million axes",
      tensor(
        Array.from({ length: 1e6 }, () => 1),
        [1],
      ),
      infer,
    ],
    ["no data", tensor([1], []), infer],
    ["data of another type", tensor([1], ["x"]), infer],
    ["an unknown datatype", tensor([1], [1], "FP128"), infer],
    ["an object as shape", tensor({ length: 1 }, [1]), infer],
  ];
  test.each(bodies)("%s: 4xx, in words", async (_, body, path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path ?? "/models/mail/predict"}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: Buffer.from(body, "latin1"),
    });
    const text = await response.text();
    expect(response.status, text.slice(0, 500)).toBeGreaterThanOrEqual(400);
    expect(response.status, text.slice(0, 500)).toBeLessThan(500);
    expect(text.length).toBeGreaterThan(20);
    expect(text.length).toBeLessThan(100_000);
    expect(await answers()).toBe(true);
  });
});

const SEEDS: [string, string][] = [
  ["/models/mail/predict", '{"rows":[{"amount":1.5,"domain":"evil.example","subject":"invoice"}]}'],
  ["/models/mail/feedback", '{"feedback":[{"id":"pred_00000000000000000000000","label":"yes"}]}'],
  [
    "/v2/models/mail/infer",
    '{"id":"a","inputs":[{"name":"amount","datatype":"FP32","shape":[2,1],"data":[1,null]}],"outputs":[{"name":"label"}]}',
  ],
  [
    "/models/mail/invocations",
    '{"dataframe_split":{"columns":["amount","domain"],"data":[[1,"x"]]}}',
  ],
  ["/models/mail/invocations", '{"inputs":{"amount":[1,2],"domain":["a","b"]}}'],
  ["/gateway/refresh", '{"model":"mail","revision":1,"timeoutMs":10}'],
];
const SPICE = [
  "null",
  "-0",
  "1e308",
  "[]",
  "{}",
  '""',
  "true",
  "9".repeat(400),
  '"\\u0000"',
  '"__proto__"',
  "\\",
  '"',
  ",",
  ":",
];

test("thousands of requests with something changed: never an error of ours, and memory does not grow", async () => {
  const chance = random("fuzz");
  const rss = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, "utf8"))![1]) / 1024;
  const own: string[] = [];
  const one = async () => {
    const [path, seed] = SEEDS[chance.int(SEEDS.length)]!;
    let body = seed;
    for (let i = 1 + chance.int(3); i > 0; i--) {
      const at = chance.int(body.length);
      const cut = chance.int(8);
      body = body.slice(0, at) + SPICE[chance.int(SPICE.length)] + body.slice(at + cut);
    }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const text = await response.text();
    const late = path === "/gateway/refresh" && response.status === 504;
    // Where the machine has much else to do, callers are sent away for a moment.
    const shed =
      response.status === 503 && text.includes("More requests come than can be answered");
    if (response.status >= 500 && !late && !shed)
      own.push(`${response.status} ${path} ${body} ${text}`);
  };
  const many = async (n: number) => {
    for (let i = 0; i < n; i += 8) await Promise.all(Array.from({ length: 8 }, one));
  };
  await many(2000);
  const before = rss();
  await many(4000);
  expect(own.slice(0, 5)).toEqual([]);
  expect(rss() - before).toBeLessThan(60);
  expect(gateway.exitCode).toBe(null);
  expect(said).not.toMatch(/request failed/);
  expect(await answers()).toBe(true);
}, 240_000);
