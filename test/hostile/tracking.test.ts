/** What strangers send to MLflow's API: refused in MLflow's words, nothing leaks, nothing falls, nothing grows. The built program. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { random } from "../../src/lib/random.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { MLFLOW_ERRORS, type MlflowErrorCode } from "../../src/tracking/mlflow/errors.ts";
import { GOOD_CALLS, type GoodCall, spoilt } from "./tracking-calls.ts";

let db: TestDatabase;
let control: ChildProcess;
let project: string;
let port: number;
let said = "";
let ids: Readonly<Record<string, string>>;

const api = (path: string): string => `http://127.0.0.1:${port}/api/2.0/mlflow${path}`;
const JSON_TYPE = { "content-type": "application/json" };

async function healthy(): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  db = await testDatabase();
  project = join(db.folder, "project");
  writeProject();
  port = await freePort();
  control = spawn(process.execPath, ["dist/main.js", "start", "control", "--project", project], {
    env: {
      ...process.env,
      ...{ DATABASE_URL: db.url, MILLWRIGHT_PORT: String(port), MILLWRIGHT_LOG: "error" },
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  control.stderr!.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  while (!(await healthy())) await pause(50);
  const made = async (path: string, body: object) => (await post(path, body)).json;
  const experiment = (await made("/experiments/create", { name: "hostile" })).experiment_id;
  const run = (await made("/runs/create", { experiment_id: experiment })).run.info.run_id;
  const model = (await made("/logged-models", { experiment_id: experiment, name: "l" })).model.info;
  await made("/registered-models/create", { name: "reg" });
  await made("/model-versions/create", { name: "reg", source: "mlflow-artifacts:/0/a" });
  ids = { experiment, run, model: model.model_id };
});
afterAll(async () => {
  control?.kill("SIGKILL");
  await db?.stop();
});

function writeProject(): void {
  mkdirSync(project);
  writeFileSync(
    join(project, "millwright.config.ts"),
    "export default { datasets: {}, models: {} };\n",
  );
}

interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  readonly json: any;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, text, json };
}

const post = async (path: string, body: object | string, headers: object = JSON_TYPE) =>
  answerOf(
    await fetch(api(path), {
      method: "POST",
      headers: { ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
  );

async function send({ method, path, body }: GoodCall): Promise<Answer> {
  const filled = (text: string) =>
    text.replace(/\$(run|experiment|model)/g, (_, name: string) => ids[name]!);
  const url = `http://127.0.0.1:${port}${filled(path)}`;
  if (method !== "GET") {
    const text = filled(JSON.stringify(body));
    return answerOf(await fetch(url, { method, headers: JSON_TYPE, body: text }));
  }
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(body))
    query.append(name, filled(typeof value === "string" ? value : (JSON.stringify(value) ?? "")));
  return answerOf(await fetch(`${url}?${query}`));
}

/** What belongs to us and must not be read by strangers. */
function leaks(text: string): string[] {
  const ours: (string | RegExp)[] = [
    ...[db.folder, project, process.cwd(), ".millwright", "node_modules"],
    ...["millwright.", "tracked_run", "latest_metric", "run_tag", "pg_", "postgres"],
    ...[/\n\s+at /, /\bat \w+ \(/, /\.(ts|js):\d/, /syntax error/i, /violates/i],
    ...[/invalid input syntax/i, /\brelation\b/i, /out of range/i, /Database:/, /unnest/],
  ];
  return ours
    .filter((one) => (typeof one === "string" ? text.includes(one) : one.test(text)))
    .map(String);
}

/** A documented error with its status, short, that gives nothing away. Otherwise what is wrong with it. */
function faultOf({ status, text, json }: Answer): string | undefined {
  const short = `${status} ${text.slice(0, 300)}`;
  // A head that is too large is refused before anybody knows what it is for.
  if (status === 200 || status === 431) return undefined;
  if (status >= 500) return short;
  const documented = MLFLOW_ERRORS[json?.error_code as MlflowErrorCode];
  if (documented?.status !== status) return `no documented error: ${short}`;
  if (typeof json.message !== "string" || json.message.length < 5) return `no message: ${short}`;
  if (text.length > 20_000) return `${text.length} characters: ${short}`;
  const found = leaks(text);
  return found.length > 0 ? `gives away ${found}: ${short}` : undefined;
}

const rss = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${control.pid}/status`, "utf8"))![1]) / 1024;

/** Runs calls eight at a time; what is wrong with their answers. */
async function faults<T>(calls: Iterable<T>, ask: (call: T) => Promise<Answer>): Promise<string[]> {
  const found: string[] = [];
  const queue = calls[Symbol.iterator]();
  const one = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const fault = faultOf(await ask(next.value));
      if (fault !== undefined) found.push(`${JSON.stringify(next.value).slice(0, 400)} → ${fault}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  expect(await healthy()).toBe(true);
  return found.slice(0, 12);
}

const deep = (open: string, n: number, close: string) => open.repeat(n) + close.repeat(n);

const SQL = [
  "'; drop table runs; --",
  "' or 1=1 --",
  '" or ""="',
  "\\'; select sleep(30); --",
  "1); delete from metric where (1=1",
  "`; select 1; --",
  "$1",
  "%' union select * from users --",
];
const ODD: unknown[] = [
  ...["", " ", "a\0b", "\ud800", "\u202e\u0000", "__proto__", "constructor", "NaN", "-0", "1e400"],
  ...["../../../../etc/passwd", "%00", "😀".repeat(400), "x".repeat(100_000)],
  ...[2 ** 60, -1, 1.5, 1e308, 0, true, false, null, [], {}, [[]], [null], [{}]],
  ...[{ toString: 1 }, { length: 5 }, ["a", 1, null, {}], "9223372036854775808"],
];

describe("every field of every call", () => {
  test.each(SQL)("as SQL: %s", async (sql) => {
    const calls = GOOD_CALLS.flatMap((call) => [...spoilt(call, sql)]);
    expect(await faults(calls, send)).toEqual([]);
  });

  test("as values nobody expects", async () => {
    const calls = GOOD_CALLS.flatMap((call) => ODD.flatMap((value) => [...spoilt(call, value)]));
    expect(await faults(calls, send)).toEqual([]);
  }, 240_000);

  test("everything is still there", async () => {
    expect(await faults(GOOD_CALLS, send)).toEqual([]);
    const [row] = await db.sql.query<{ n: number }>(
      "select count(*) as n from millwright.tracked_run where id = $1",
      [ids.run],
    );
    expect(row!.n).toBe(1);
  });
});

const FILTERS = [
  ...[
    "metrics.",
    ".m > 1",
    "metrics.m >",
    "> 1",
    "metrics.m > > 1",
    "metrics.m = 'a'",
    "metrics.m",
  ],
  ...["params.p = 1", "params.p = 'a' or params.q = 'b'", "(params.p = 'a')", "params.p == 'a'"],
  ...[
    "params.p = 'a' and",
    "and and and",
    "params.p in ()",
    "params.p in ('a',)",
    "params.p in 'a'",
  ],
  ...["params.p = 'a", 'params.p = "a', "`params.p = 'a'", "params.`p = 'a'", "params.p is", "not"],
  ...[
    "params.p is not",
    "nothing.p = 'a'",
    "attributes.nothing = 'a'",
    "run_id > 'a'",
    "status = 1",
  ],
  ...[
    "start_time = 'a'",
    "start_time > 1e999",
    "metrics.m > NaN",
    "metrics.m > 0x10",
    "metrics.m > --1",
  ],
  ...[
    "tags.k rlike 'a'",
    "tags.k = 'a'; drop table x",
    "params.p = 'a' -- and",
    "/* */ params.p = 'a'",
  ],
  ...["\0", "params.p = '\0'", "\u2028", "params.p = 'a\\'", "params.p like '%_%_%_%_%_%_%'", "💥"],
  ...[`tags.k like '${"%a".repeat(200)}'`, `tags.k ilike '${"%".repeat(5000)}'`, "'".repeat(1000)],
  ...["params.p = 'a' and ".repeat(3000), "(".repeat(50_000), "x".repeat(300_000), "`".repeat(999)],
  ...[`run_id in (${"'a',".repeat(50_000)}'b')`, `tags.${"k".repeat(100_000)} = 'a'`],
  ...[`tags.k = '${"a".repeat(150_000)}'`, "metrics.m > 1".repeat(1000), "tags.a.b.c.d = 'x'"],
];
const SEARCHES: readonly GoodCall[] = GOOD_CALLS.filter(({ path }) => path.endsWith("/search"));

describe("filters", () => {
  test("bad ones are refused, odd ones find nothing", async () => {
    const filters = SEARCHES.flatMap((call) =>
      FILTERS.map((text) => ({
        ...call,
        body: { ...call.body, filter: text, filter_string: text },
      })),
    );
    // A query may not be so long.
    const possible = filters.filter(
      ({ method, body }) =>
        method === "POST" || encodeURIComponent(body.filter as string).length < 5000,
    );
    expect(await faults(possible, send)).toEqual([]);
  }, 240_000);

  test("of which a piece was changed", async () => {
    const rng = random("filters");
    const seeds = SEARCHES.map((call) => [call, (call.body.filter ?? "") as string] as const);
    const spice = [
      "'",
      '"',
      "`",
      "(",
      ")",
      ",",
      ".",
      " and ",
      " IN ",
      "%",
      "\\",
      "\0",
      "=",
      "<",
      "1e9",
    ];
    const calls = Array.from({ length: 1500 }, () => {
      const [call, seed] = seeds[rng.int(seeds.length)]!;
      let filter = seed;
      for (let i = 1 + rng.int(4); i > 0; i--) {
        const at = rng.int(filter.length + 1);
        filter = filter.slice(0, at) + spice[rng.int(spice.length)] + filter.slice(at + rng.int(6));
      }
      return { ...call, body: { ...call.body, filter, filter_string: filter } };
    });
    expect(await faults(calls, send)).toEqual([]);
  }, 240_000);

  test("expressions that backtrack hold nobody up", async () => {
    const { experiment } = ids;
    const slow = fetch(`http://127.0.0.1:${port}/api/3.0/mlflow/traces/search`, {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify({
        locations: [
          { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: experiment } },
        ],
        filter: `tag.a rlike '${"(a*)*".repeat(20)}\\1b'`,
      }),
    }).then(answerOf);
    for (let i = 0; i < 10; i++) expect(await healthy()).toBe(true);
    expect(faultOf(await slow)).toBe(undefined);
  });

  test("page tokens that are made up", async () => {
    const tokens = [
      "x",
      "bnVsbA==",
      "W10=",
      "W251bGxd",
      "WzEsWyJhIl1d",
      "%00",
      "A".repeat(5000),
      "🙂",
    ];
    const calls = SEARCHES.flatMap((call) =>
      tokens.map((page_token) => ({ ...call, body: { ...call.body, page_token } })),
    );
    expect(await faults(calls, send)).toEqual([]);
  });
});

describe("bodies", () => {
  test("tags of every size: cut or refused, and told so in few words", async () => {
    const sizes = [249, 250, 251, 8000, 8001, 100_000, 5_000_000];
    const calls = sizes.flatMap((size) => [
      { key: "k".repeat(size), value: "v" },
      { key: "k", value: "v".repeat(size) },
      { key: "k", value: "😀".repeat(size / 4) },
    ]);
    expect(
      await faults(calls, (tag) => post("/runs/set-tag", { run_id: ids.run, ...tag })),
    ).toEqual([]);
    const run = (
      await send({ method: "GET", path: "/api/2.0/mlflow/runs/get", body: { run_id: "$run" } })
    ).json;
    const value = run.run.data.tags.find((one: { key: string }) => one.key === "k").value;
    expect(Array.from(value as string).length).toBeLessThanOrEqual(8000);
  });

  test.each([
    ["an array", "[".repeat(10_000) + "]".repeat(10_000)],
    ["an object", `${deep('{"a":', 10_000, "}").replace("}", "1}")}`],
    ["a field", `{"run_id":${deep("[", 10_000, "]")}}`],
    ["a list of tags", `{"run_id":"a","metrics":[${deep("[", 10_000, "]")}]}`],
    ["a field nobody knows", `{"run_id":"a","x":${deep('{"a":[', 5000, "]}").replace("]", "1]")}}`],
    ["half", '{"run_id":"'],
    ["a text in a text", JSON.stringify(JSON.stringify({ run_id: 1 }))],
    ["not UTF-8", "\xff\xfe\xfd"],
    ["a million fields", `{${Array.from({ length: 200_000 }, (_, i) => `"f${i}":1`).join(",")}}`],
    [
      "a hundred thousand points",
      JSON.stringify({
        run_id: "a",
        metrics: Array(100_000).fill({ key: "a", value: 1, timestamp: 1 }),
      }),
    ],
    ["the same field a thousand times", `{${Array(1000).fill('"run_id":"a"').join(",")}}`],
  ])("%s, 10,000 deep or worse", async (_, body) => {
    for (const path of ["/runs/log-batch", "/runs/search", "/experiments/create"]) {
      const answer = await post(path, body);
      expect(faultOf(answer)).toBe(undefined);
    }
    expect(await healthy()).toBe(true);
  });

  test.each([
    ["none", {}],
    ["text", { "content-type": "text/plain" }],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["parts", { "content-type": "multipart/form-data; boundary=x" }],
    ["XML", { "content-type": "application/xml" }],
    ["nonsense", { "content-type": ";;;" }],
    ["something very long", { "content-type": `application/${"x".repeat(5000)}` }],
    ["an encoding nobody reads", { ...JSON_TYPE, "content-encoding": "br" }],
    ["gzip that is none", { ...JSON_TYPE, "content-encoding": "gzip" }],
    ["gzip in gzip", { ...JSON_TYPE, "content-encoding": "gzip, gzip" }],
  ])("of the wrong type: %s", async (_, headers) => {
    const bytes = new TextEncoder().encode('{"experiment_ids":["0"]}');
    const answer = await answerOf(
      await fetch(api("/runs/search"), { method: "POST", headers, body: bytes }),
    );
    expect(answer.status).toBe(400);
    expect(faultOf(answer)).toBe(undefined);
  });

  test("gigabytes of zeros in a megabyte: refused, and memory stays", async () => {
    // A file of gzip may be many behind each other.
    const member = gzipSync(Buffer.alloc(2 ** 24), { level: 9 });
    const bomb = Buffer.concat(Array.from({ length: 256 }, () => member));
    const single = gzipSync(Buffer.alloc(2 ** 28), { level: 9 });
    const explode = async (path: string, body: Buffer, type: string) => {
      const headers = { "content-type": type, "content-encoding": "gzip" };
      const url = `http://127.0.0.1:${port}${path}`;
      return answerOf(await fetch(url, { method: "POST", headers, body: new Uint8Array(body) }));
    };
    const round = async () => {
      const answers = await Promise.all([
        explode("/api/2.0/mlflow/runs/log-batch", bomb, "application/json"),
        explode("/api/2.0/mlflow/runs/search", single, "application/json"),
        explode("/v1/traces", bomb, "application/x-protobuf"),
      ]);
      for (const answer of answers) {
        expect(answer.status).toBe(400);
        expect(faultOf(answer)).toBe(undefined);
        expect(answer.json.message).toMatch(/larger than \d+ bytes/);
      }
    };
    await round();
    const before = rss();
    for (let i = 0; i < 5; i++) await round();
    expect(rss() - before).toBeLessThan(100);
    expect(await healthy()).toBe(true);
  });

  test.each([
    ["JSON, its length said", "POST", "/api/2.0/mlflow/runs/log-batch", "length"],
    ["JSON in chunks", "POST", "/api/2.0/mlflow/runs/log-batch", "chunked"],
    [
      "a small artifact, its length said",
      "POST",
      "/api/2.0/mlflow/upload-artifact?run_uuid=$run&path=a",
      "length",
    ],
    [
      "a small artifact in chunks",
      "POST",
      "/api/2.0/mlflow/upload-artifact?run_uuid=$run&path=a",
      "chunked",
    ],
  ])("100 MB, %s: refused, and memory stays", async (_, method, path, how) => {
    const before = rss();
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, rss());
    }, 20);
    const target = path.replace("$run", ids.run!);
    for (let i = 0; i < 2; i++) {
      const got = await flood(method, target, how === "chunked", 100 * 2 ** 20);
      expect(got).toMatch(/^HTTP\/1\.1 (400|413)/);
      expect(leaks(got)).toEqual([]);
    }
    clearInterval(watch);
    expect(most - before).toBeLessThan(100);
    expect(await healthy()).toBe(true);
  });
});

/** Sends so many bytes, as long as the other side takes them; what it answered. */
function flood(method: string, path: string, chunked: boolean, bytes: number): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    let left = bytes;
    const piece = Buffer.alloc(2 ** 16, " ");
    const framed = chunked
      ? Buffer.concat([Buffer.from("10000\r\n"), piece, Buffer.from("\r\n")])
      : piece;
    const socket = connect(port, "127.0.0.1");
    const more = (): void => {
      while (left > 0 && socket.writable && got === "") {
        left -= piece.length;
        if (!socket.write(framed)) return;
      }
      if (left <= 0 && chunked && socket.writable && got === "") socket.write("0\r\n\r\n");
    };
    socket.on("connect", () => {
      socket.write(
        `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
          `${chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bytes}`}\r\n\r\n`,
      );
      more();
    });
    socket.on("drain", more);
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
      setTimeout(() => socket.destroy(), 50);
    });
    socket.setTimeout(20_000, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => resolve(got));
  });
}

/** Bytes as they are; what comes back until the other side closes or is silent. */
function raw(bytes: string | Buffer, silentMs = 400): Promise<string> {
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

const PATHS = [
  ...["../secret", "../../../../../../etc/passwd", "a/../../../secret", "..", "a/..", "./../x"],
  ...["%2e%2e/secret", "%2e%2e%2fsecret", "..%2f..%2fsecret", "%252e%252e%252fsecret"],
  ...["%25252e%25252e%25252fsecret", "..%5csecret", "..\\secret", "%5c..%5csecret", "a%00b", "%00"],
  ...[
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "C:/secret",
    "C%3a/secret",
    "file:///etc/passwd",
  ],
  ...[
    "%c0%ae%c0%ae/secret",
    "%e0%80%ae%e0%80%ae/secret",
    "%ed%a0%80",
    "%ff",
    "%u002e%u002e/secret",
  ],
  ...["....//secret", "..;/secret", "a/%2e%2e/%2e%2e/%2e%2e/secret", "%2e%2e;/x", ".%00./secret"],
  ...["x".repeat(1500), "a/".repeat(5000), "%".repeat(2000), "con", "a:b", "~root", "*", "?", "#"],
];

describe("artifacts", () => {
  test.each(["GET", "PUT", "DELETE"])("%s with tricks in the path", async (method) => {
    for (const path of PATHS) {
      const target = `/api/2.0/mlflow-artifacts/artifacts/${path}`;
      const body = method === "PUT" ? "Content-Length: 6\r\n\r\nsecret" : "\r\n";
      const got = await raw(
        Buffer.from(
          `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${body}`,
          "latin1",
        ),
      );
      const [status = 0] = statuses(got);
      expect(got, path).not.toMatch(/root:|"private/);
      expect(leaks(got.split("\r\n\r\n")[1] ?? ""), path).toEqual([]);
      expect(status, `${method} ${path}: ${got}`).toBeGreaterThanOrEqual(200);
      expect(status, `${method} ${path}: ${got}`).toBeLessThan(500);
      if (/(^|[/\\])\.\.($|[/\\])/.test(path)) expect(status, path).toBeGreaterThanOrEqual(400);
    }
    expect(await healthy()).toBe(true);
  });

  test("tricks in the path of a query", async () => {
    const asked = PATHS.flatMap((path) => {
      const given = path.includes("%") ? path : encodeURIComponent(path);
      return [
        `/get-artifact?run_id=$run&path=${given}`,
        `/api/2.0/mlflow/artifacts/list?run_id=$run&path=${given}`,
        `/api/2.0/mlflow-artifacts/artifacts?path=${given}`,
        `/api/2.0/mlflow/logged-models/$model/artifacts/files?artifact_file_path=${given}`,
        `/api/2.0/mlflow/logged-models/$model/artifacts/directories?artifact_directory_path=${given}`,
        `/model-versions/get-artifact?name=reg&version=1&path=${given}`,
      ];
    });
    const filled = asked.map((path) =>
      path.replace(/\$(run|model)/g, (_, name: string) => ids[name]!),
    );
    const problems = await faults(filled, async (path) => {
      const answer = await answerOf(await fetch(`http://127.0.0.1:${port}${path}`));
      expect(answer.text).not.toMatch(/root:/);
      return answer;
    });
    expect(problems).toEqual([]);
  });

  test("locations that lead to the disk of the server, or to other machines", async () => {
    const locations = [
      ...[
        "file:///etc",
        "/etc",
        "file:/etc",
        "FILE:///etc",
        "file://localhost/etc",
        "file:%2f%2f/etc",
      ],
      ...[
        "mlflow-artifacts:/../../../../etc",
        "mlflow-artifacts:///%2e%2e/%2e%2e/etc",
        "etc",
        "./../etc",
      ],
      ...[
        "http://169.254.169.254/latest/meta-data",
        "s3://bucket/x",
        "runs:/x/y",
        "models:/reg/1/..",
      ],
      ...[
        "\\\\host\\share",
        "mlflow-artifacts://other.example/x",
        "javascript:alert(1)",
        "dbfs:/x",
      ],
      ...[
        "file:///proc/self",
        "/proc/self",
        "file:///etc#x",
        "file:///etc?x",
        "mlflow-artifacts:/%00",
      ],
    ];
    for (const [i, artifact_location] of locations.entries()) {
      const made = await post("/experiments/create", { name: `place ${i}`, artifact_location });
      expect(faultOf(made), artifact_location).toBe(undefined);
      const sources = [
        post("/model-versions/create", { name: "reg", source: `${artifact_location}/passwd` }),
      ];
      for (const answer of await Promise.all(sources))
        expect(faultOf(answer), artifact_location).toBe(undefined);
      if (made.status !== 200) continue;
      const run = (await post("/runs/create", { experiment_id: made.json.experiment_id })).json.run;
      const id = run.info.run_id;
      for (const path of ["passwd", "environ", "../../passwd", "hostname"]) {
        const file = `http://127.0.0.1:${port}/get-artifact?run_id=${id}&path=${path}`;
        const read = await answerOf(await fetch(file));
        expect(read.status, `${artifact_location} ${read.text}`).toBeGreaterThanOrEqual(400);
        expect(faultOf(read), artifact_location).toBe(undefined);
      }
      const listed = await answerOf(await fetch(`${api("/artifacts/list")}?run_id=${id}`));
      if (listed.status === 200) expect(listed.json.files ?? []).toEqual([]);
      const put = await fetch(`${api("/upload-artifact")}?run_uuid=${id}&path=x.txt`, {
        ...{ method: "POST", body: "secret" },
      });
      if (put.status !== 200)
        expect(faultOf(await answerOf(put)), artifact_location).toBe(undefined);
    }
    for (const path of [
      "/etc/x.txt",
      "/etc/secret",
      join(db.folder, "secret"),
      join(project, "secret"),
    ])
      expect(existsSync(path)).toBe(false);
    expect(readdirSync(project).sort()).toEqual([".millwright", "millwright.config.ts"]);
  });
});

describe("one connection", () => {
  const GOOD = '{"experiment_ids":["0"]}';
  const SECOND = "GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  const asked = (body: string, headers: readonly string[]) =>
    [
      "POST /api/2.0/mlflow/runs/search HTTP/1.1",
      ...["Host: 127.0.0.1", "Content-Type: application/json", ...headers],
      `\r\n${body}`,
    ].join("\r\n");
  test.each([
    ["two lengths", asked(GOOD, ["Content-Length: 5", `Content-Length: ${GOOD.length}`])],
    ["length and chunks", asked(GOOD, ["Content-Length: 5", "Transfer-Encoding: chunked"])],
    ["chunks in disguise", asked(GOOD, ["Transfer-Encoding: xchunked"])],
    ["chunks twice", asked(GOOD, ["Transfer-Encoding: chunked, chunked"])],
    ["a length that is none", asked(GOOD, ["Content-Length: 0x10"])],
    ["a negative length", asked(GOOD, ["Content-Length: -1"])],
    ["a space before the colon", asked(GOOD, [`Content-Length : ${GOOD.length}`])],
    ["a folded header", asked(GOOD, ["X: a", " b: c", `Content-Length: ${GOOD.length}`])],
    ["a zero byte in a header", asked(GOOD, ["X-A: a\0b"])],
    [
      "headers without end",
      `POST /api/2.0/mlflow/runs/search HTTP/1.1\r\nX: ${"a".repeat(100_000)}`,
    ],
    ["a chunk whose size is none", asked("ZZ\r\n{}\r\n0\r\n\r\n", ["Transfer-Encoding: chunked"])],
    ["two hosts", asked(GOOD, ["Host: other", "Content-Length: 5", "Content-Length: 24"])],
  ])("%s: refused, and nothing behind it is taken for a request", async (_, bytes) => {
    const got = statuses(await raw(Buffer.from(bytes + SECOND, "latin1")));
    expect(got.filter((status) => status < 400 || status >= 500)).toEqual([]);
    expect(await healthy()).toBe(true);
  });

  test("an upload whose sender goes away leaves nothing", async () => {
    const path = "/api/2.0/mlflow-artifacts/artifacts/gone/half.bin";
    for (let i = 0; i < 30; i++)
      await raw(
        `PUT ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(50_000)}`,
        20,
      );
    await pause(300);
    expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(404);
    const halves = join(project, ".millwright");
    const left = readdirSync(halves, { recursive: true, encoding: "utf8" });
    expect(left.filter((name) => /artifacts.tmp.\w/.test(name))).toEqual([]);
  });
});

test("thousands of bad calls later: no error of ours, memory as before", async () => {
  const calls = SQL.slice(0, 2).flatMap((sql) =>
    GOOD_CALLS.flatMap((call) => [...spoilt(call, sql)]),
  );
  expect(await faults(calls, send)).toEqual([]);
  const before = rss();
  for (let i = 0; i < 3; i++) expect(await faults(calls, send)).toEqual([]);
  expect(rss() - before).toBeLessThan(80);
  expect(control.exitCode).toBe(null);
  expect(said).not.toMatch(/request failed/);
}, 240_000);
