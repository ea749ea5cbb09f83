/** Bytes and paths that strangers send to MLflow's API: bombs, floods, tricks in paths, requests within requests. */
import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerOf, JSON_TYPE, openStage, raw, type Stage, statuses } from "./tracking-stage.ts";

let at: Stage;
beforeAll(async () => {
  at = await openStage();
});
afterAll(() => at?.stop());

describe("bodies", () => {
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
      await fetch(`${at.url}/api/2.0/mlflow/runs/search`, { method: "POST", headers, body: bytes }),
    );
    expect(answer.status).toBe(400);
    expect(at.faultOf(answer)).toBe(undefined);
  });

  test("gigabytes of zeros in a megabyte: refused, and memory stays", async () => {
    // A file of gzip may be many behind each other.
    const member = gzipSync(Buffer.alloc(2 ** 24), { level: 9 });
    const bomb = Buffer.concat(Array.from({ length: 256 }, () => member));
    const single = gzipSync(Buffer.alloc(2 ** 28), { level: 9 });
    const explode = async (path: string, body: Buffer, type: string) => {
      const headers = { "content-type": type, "content-encoding": "gzip" };
      const url = `${at.url}${path}`;
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
        expect(at.faultOf(answer)).toBe(undefined);
        expect(answer.json.message).toMatch(/larger than \d+ bytes/);
      }
    };
    await round();
    const before = at.rss();
    for (let i = 0; i < 5; i++) await round();
    expect(at.rss() - before).toBeLessThan(100);
    expect(await at.healthy()).toBe(true);
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
    const before = at.rss();
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, at.rss());
    }, 20);
    const target = path.replace("$run", at.ids.run!);
    for (let i = 0; i < 2; i++) {
      const got = await flood(method, target, how === "chunked", 100 * 2 ** 20);
      expect(got).toMatch(/^HTTP\/1\.1 (400|413)/);
      expect(at.leaks(got)).toEqual([]);
    }
    clearInterval(watch);
    expect(most - before).toBeLessThan(100);
    expect(await at.healthy()).toBe(true);
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
    const socket = connect(at.port, "127.0.0.1");
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
        at.port,
        Buffer.from(
          `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${body}`,
          "latin1",
        ),
        20_000,
      );
      const [status = 0] = statuses(got);
      expect(got, path).not.toMatch(/root:|"private/);
      expect(at.leaks(got.split("\r\n\r\n")[1] ?? ""), path).toEqual([]);
      expect(status, `${method} ${path}: ${got}`).toBeGreaterThanOrEqual(200);
      expect(status, `${method} ${path}: ${got}`).toBeLessThan(500);
      if (/(^|[/\\])\.\.($|[/\\])/.test(path)) expect(status, path).toBeGreaterThanOrEqual(400);
    }
    expect(await at.healthy()).toBe(true);
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
    const problems = await at.faults(asked.map(at.filled), async (path) => {
      const answer = await answerOf(await fetch(`${at.url}${path}`));
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
      const made = await at.post("/experiments/create", { name: `place ${i}`, artifact_location });
      expect(at.faultOf(made), artifact_location).toBe(undefined);
      const sources = [
        at.post("/model-versions/create", { name: "reg", source: `${artifact_location}/passwd` }),
      ];
      for (const answer of await Promise.all(sources))
        expect(at.faultOf(answer), artifact_location).toBe(undefined);
      if (made.status !== 200) continue;
      const run = (await at.post("/runs/create", { experiment_id: made.json.experiment_id })).json
        .run;
      const id = run.info.run_id;
      for (const path of ["passwd", "environ", "../../passwd", "hostname"]) {
        const file = `${at.url}/get-artifact?run_id=${id}&path=${path}`;
        const read = await answerOf(await fetch(file));
        expect(read.status, `${artifact_location} ${read.text}`).toBeGreaterThanOrEqual(400);
        expect(at.faultOf(read), artifact_location).toBe(undefined);
      }
      const listed = await answerOf(
        await fetch(`${at.url}/api/2.0/mlflow/artifacts/list?run_id=${id}`),
      );
      if (listed.status === 200) expect(listed.json.files ?? []).toEqual([]);
      const put = await fetch(
        `${at.url}/api/2.0/mlflow/upload-artifact?run_uuid=${id}&path=x.txt`,
        {
          ...{ method: "POST", body: "secret" },
        },
      );
      if (put.status !== 200)
        expect(at.faultOf(await answerOf(put)), artifact_location).toBe(undefined);
    }
    for (const path of [
      "/etc/x.txt",
      "/etc/secret",
      join(at.db.folder, "secret"),
      join(at.project, "secret"),
    ])
      expect(existsSync(path)).toBe(false);
    expect(readdirSync(at.project).sort()).toEqual([".millwright", "millwright.config.ts"]);
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
    const got = statuses(await raw(at.port, Buffer.from(bytes + SECOND, "latin1")));
    expect(got.filter((status) => status < 400 || status >= 500)).toEqual([]);
    expect(await at.healthy()).toBe(true);
  });

  test("an upload whose sender goes away leaves nothing", async () => {
    const path = "/api/2.0/mlflow-artifacts/artifacts/gone/half.bin";
    for (let i = 0; i < 30; i++)
      await raw(
        at.port,
        `PUT ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(50_000)}`,
        20,
      );
    await pause(300);
    expect((await fetch(`${at.url}${path}`)).status).toBe(404);
    const halves = join(at.project, ".millwright");
    const left = readdirSync(halves, { recursive: true, encoding: "utf8" });
    expect(left.filter((name) => /artifacts.tmp.\w/.test(name))).toEqual([]);
  });
});
