import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HttpServer, openServer } from "../../http/server.ts";
import { folderArtifacts } from "../../storage/artifacts/folder.ts";
import { uploadsTo } from "../../storage/artifacts/part-files.ts";
import type { Uploads } from "../../storage/artifacts/uploads.ts";
import { quietLog } from "../../testing/quiet-log.ts";
import { doesNotExist, mlflowErrorBody, mlflowErrorStatus } from "../mlflow/errors.ts";
import { proxyRoutes } from "./proxy/routes.ts";
import { artifactRoutes } from "./routes.ts";
import { uploadRoutes } from "./uploads/routes.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-routes-"));
const kept = join(folder, "kept");
const served = join(folder, "served");
const RUN = "0".repeat(31);
const MODEL = `m-${"0a".repeat(16)}`;
const URIS: Readonly<Record<string, string>> = {
  [`${RUN}1`]: `mlflow-artifacts:/1/${RUN}1/artifacts`,
  [`${RUN}2`]: `file://${served}/1/${RUN}2/artifacts`,
  [`${RUN}3`]: `file://${folder}/secret`,
  [`${RUN}4`]: "s3://bucket/1/x/artifacts",
  [`${RUN}5`]: `http://anywhere/api/2.0/mlflow-artifacts/artifacts/1/${RUN}1/artifacts`,
  [`${RUN}6`]: `file://${served}/../secret`,
};

let server: HttpServer;
let uploads: Uploads;
let now = Date.now();
beforeAll(async () => {
  mkdirSync(served);
  mkdirSync(join(folder, "secret"));
  writeFileSync(join(folder, "secret/key"), "k");
  const proxied = folderArtifacts(kept);
  uploads = uploadsTo(proxied, join(folder, "uploads"));
  const deps = {
    proxied,
    folders: [{ path: served, artifacts: folderArtifacts(served) }],
    async artifactUriOf(run: string) {
      const uri = URIS[run];
      if (uri === undefined) throw doesNotExist(`Run with id=${run} not found`);
      return uri;
    },
    modelUriOf: async () => `mlflow-artifacts:/1/models/${MODEL}/artifacts`,
    async sourceOf(name: string, version: string) {
      if (name === "circle") return "models:/circle/1";
      if (name === "spam" && version === "1") return `models:/${MODEL}`;
      if (name === "spam" && version === "2") return `runs:/${RUN}1/model`;
      throw doesNotExist(`Model Version (name=${name}, version=${version}) not found`);
    },
  };
  server = await openServer({
    routes: [
      ...proxyRoutes({ artifacts: proxied }),
      ...uploadRoutes({ uploads, clock: { now: () => now } }),
      ...artifactRoutes(deps),
    ],
    ...{ log: quietLog(), port: 0, bodyLimit: 100_000 },
    errorBody: mlflowErrorBody,
    errorStatus: mlflowErrorStatus,
  });
});
afterAll(async () => {
  await server.close(100);
  rmSync(folder, { recursive: true, force: true });
});

const PROXY = "/api/2.0/mlflow-artifacts/artifacts";
const call = (path: string, options: RequestInit = {}) => fetch(server.url + path, options);
const put = (path: string, body: string | Uint8Array<ArrayBuffer>) =>
  call(`${PROXY}/${path}`, { method: "PUT", body });
const json = async (path: string) => (await call(path)).json();
const post = (path: string, body: object) =>
  call(path, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify(body),
  });
const refused = async (answer: Response, status: number, code: string, words = "") => {
  expect(await answer.json()).toEqual({
    error_code: code,
    message: expect.stringContaining(words),
  });
  expect(answer.status).toBe(status);
};
/** As it is: fetch tidies paths up. */
const raw = (method: string, path: string): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const asked = request(server.url, { method, path }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => {
        text += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode!, text }));
    });
    asked.on("error", reject);
    asked.end();
  });

describe("the artifact proxy", () => {
  test("files are put, listed, read and removed", async () => {
    expect(await json(PROXY)).toEqual({});
    const answer = await put("a.txt", "0");
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
    await put("dir/b.txt", "1");
    await put("dir/empty", "");
    expect(await json(PROXY)).toEqual({
      files: [
        { path: "a.txt", is_dir: false, file_size: 1 },
        { path: "dir", is_dir: true },
      ],
    });
    expect(await json(`${PROXY}?path=dir`)).toEqual({
      files: [
        { path: "b.txt", is_dir: false, file_size: 1 },
        { path: "empty", is_dir: false, file_size: 0 },
      ],
    });
    expect(await json(`/ajax-api/2.0/mlflow-artifacts/artifacts?path=dir/`)).not.toEqual({});
    for (const path of ["nowhere", "a.txt", "dir/b.txt"])
      expect(await json(`${PROXY}?path=${path}`)).toEqual({});
    expect(await (await call(`${PROXY}/dir/b.txt`)).text()).toBe("1");
    expect((await call(`${PROXY}/dir`, { method: "DELETE" })).status).toBe(200);
    expect((await call(`${PROXY}/dir`, { method: "DELETE" })).status).toBe(200);
    expect(await json(PROXY)).toEqual({ files: [{ path: "a.txt", is_dir: false, file_size: 1 }] });
    await refused(await call(PROXY, { method: "DELETE" }), 404, "ENDPOINT_NOT_FOUND");
    await refused(await call("/api/2.0/mlflow-artifacts/none"), 404, "ENDPOINT_NOT_FOUND");
    expect(existsSync(join(kept, "a.txt"))).toBe(true);
  });

  test("an answer says what a browser needs to keep it and not to show it", async () => {
    await put("h/page.html", "<script>alert(1)</script>");
    await put("h/MLmodel", "flavors: {}");
    const page = await call(`${PROXY}/h/page.html`, { headers: { accept: "text/html" } });
    expect(page.headers.get("content-disposition")).toBe("attachment; filename=page.html");
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    expect(page.headers.get("content-length")).toBe("25");
    const model = await call(`${PROXY}/h/MLmodel`);
    expect(model.headers.get("content-type")).toBe("text/plain");
    const head = await call(`${PROXY}/h/MLmodel`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "11"]);
    expect((await call(`${PROXY}/h/nothing`, { method: "HEAD" })).status).toBe(404);
  });

  test("parts of a file", async () => {
    await put("r/f", "0123456789");
    const part = (range: string, more = {}) =>
      call(`${PROXY}/r/f`, { headers: { range, ...more } });
    const middle = await part("bytes=2-4");
    expect([middle.status, middle.headers.get("content-range")]).toEqual([206, "bytes 2-4/10"]);
    expect([await middle.text(), middle.headers.get("content-length")]).toEqual(["234", "3"]);
    expect(await (await part("bytes=-2")).text()).toBe("89");
    expect((await part("bytes=2-4", { "if-range": '"x"' })).status).toBe(200);
    const none = await part("bytes=10-");
    expect(none.headers.get("content-range")).toBe("bytes */10");
    await refused(none, 416, "INVALID_PARAMETER_VALUE", "10 bytes");
  });

  test("what is not there is 404 at once, and a folder says that it is one", async () => {
    await put("m/sub/f", "x");
    await refused(await call(`${PROXY}/m/none`), 404, "RESOURCE_DOES_NOT_EXIST", "m/none");
    await refused(await call(`${PROXY}/m/sub`), 404, "RESOURCE_DOES_NOT_EXIST", "is a folder");
    await refused(await put("m/sub", "x"), 400, "INVALID_PARAMETER_VALUE", "is a folder");
    await refused(await put("m/sub/f/g", "x"), 400, "INVALID_PARAMETER_VALUE", "is a file");
  });

  test("names come back as they were given", async () => {
    const names = [
      "a b#1.txt",
      "50%.txt",
      "%41",
      "x?y=1.txt",
      "naïve 文🙂",
      "a+b&c;d",
      "y".repeat(250),
    ];
    for (const name of names) {
      expect((await put(`n/${encodeURIComponent(name)}`, name)).status).toBe(200);
      const answer = await call(`${PROXY}/n/${encodeURIComponent(name)}`);
      expect(await answer.text()).toBe(name);
    }
    const { files } = (await json(`${PROXY}?path=n`)) as { files: { path: string }[] };
    expect(files.map(({ path }) => path).sort()).toEqual([...names].sort());
    // Clients that do not encode what they put into a URL.
    expect((await raw("GET", `${PROXY}/n/x?y=1.txt`)).text).toBe("x?y=1.txt");
    expect((await raw("GET", `${PROXY}/n/50%25.txt`)).text).toBe("50%.txt");
  });

  test("paths that lead out are refused, however they are written", async () => {
    for (const path of [
      ...["../x", "a/../../x", "%2e%2e/x", "..%2fx", "%252e%252e%252fx", "a%2F..%2F..%2Fx"],
      ...["%2Fetc%2Fpasswd", "a%5C..%5Cb", "%5C%5Chost", "C:%2Fx", "a%00b"],
    ])
      for (const method of ["GET", "PUT", "DELETE"]) {
        const { status, text } = await raw(method, `${PROXY}/${path}`);
        expect([method, path, status]).toEqual([method, path, 400]);
        expect(JSON.parse(text)).toEqual({
          error_code: "INVALID_PARAMETER_VALUE",
          message: path.includes("%00") ? expect.stringContaining("code 0") : "Invalid path",
        });
      }
    await refused(await call(`${PROXY}?path=../x`), 400, "INVALID_PARAMETER_VALUE", "Invalid path");
    await refused(await put("z".repeat(1001), "x"), 400, "INVALID_PARAMETER_VALUE", "1001");
    await refused(await put("z".repeat(300), "x"), 400, "INVALID_PARAMETER_VALUE", "255");
  });

  test("what comes compressed is not kept as something else", async () => {
    const answer = await call(`${PROXY}/gz`, {
      ...{ method: "PUT", headers: { "content-encoding": "gzip" }, body: "x" },
    });
    await refused(answer, 400, "INVALID_PARAMETER_VALUE", "Content-Encoding");
    expect((await call(`${PROXY}/gz`)).status).toBe(404);
  });

  test("a file larger than the limit of other bodies, and one whose upload breaks off", async () => {
    const large = new Uint8Array(3_000_000).fill(7);
    expect((await put("large", large)).status).toBe(200);
    expect((await (await call(`${PROXY}/large`)).arrayBuffer()).byteLength).toBe(3_000_000);
    await new Promise<void>((resolve) => {
      const asked = request(`${server.url}${PROXY}/broken`, { method: "PUT" });
      asked.on("error", () => resolve());
      asked.write(Buffer.alloc(200_000), () => setTimeout(() => asked.destroy(), 30));
    });
    expect((await call(`${PROXY}/broken`)).status).toBe(404);
    const halves = readdirSync(kept).find((name) => name.startsWith("."))!;
    while (readdirSync(join(kept, halves)).length > 0) await new Promise((go) => setTimeout(go, 5));
  });

  test("where a file can be read in parts at once", async () => {
    await put("p/a%23b.bin", "0123456789");
    const told = (await json(`/api/2.0/mlflow-artifacts/presigned/p/a%23b.bin`)) as {
      readonly url: string;
      readonly headers: Record<string, string>;
      readonly file_size: number;
    };
    expect(told.file_size).toBe(10);
    const answer = await fetch(told.url, { headers: { ...told.headers, range: "bytes=8-9" } });
    expect(await answer.text()).toBe("89");
    await refused(
      await call("/api/2.0/mlflow-artifacts/presigned/p/none"),
      404,
      "RESOURCE_DOES_NOT_EXIST",
    );
  });
});

const small = join(folder, "small");
mkdirSync(small);
const mounted =
  process.getuid?.() === 0 &&
  spawnSync("/bin/sh", ["-c", `mount -t tmpfs -o size=1m tmpfs "${small}"`]).status === 0;
afterAll(() => {
  if (mounted) spawnSync("/bin/sh", ["-c", `umount "${small}"`]);
});

test.runIf(mounted)(
  "a full disk is said in words, keeps nothing, and ends no connection",
  async () => {
    const artifacts = folderArtifacts(small);
    const parts = uploadsTo(artifacts, join(small, "uploads"));
    const { url, close } = await openServer({
      routes: [
        ...proxyRoutes({ artifacts }),
        ...uploadRoutes({ uploads: parts, clock: { now: () => now } }),
      ],
      ...{ log: quietLog(), port: 0, errorBody: mlflowErrorBody, errorStatus: mlflowErrorStatus },
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    const send = (path: string, bytes: number): Promise<{ status: number; text: string }> =>
      new Promise((resolve, reject) => {
        const asked = request(url + path, { method: "PUT", agent }, (answer) => {
          let text = "";
          answer.on("data", (chunk) => {
            text += chunk;
          });
          answer.on("end", () => resolve({ status: answer.statusCode!, text }));
        });
        asked.on("socket", (socket) => sockets.add(socket));
        asked.on("error", reject);
        asked.end(Buffer.alloc(bytes));
      });
    const id = await parts.begin("x", 1);
    for (const path of [`${PROXY}/large`, `/api/2.0/mlflow-artifacts/mpu/part/${id}/1`]) {
      const full = await send(path, 30_000_000);
      expect(full.status).toBe(507);
      expect(JSON.parse(full.text)).toEqual({
        error_code: "RESOURCE_EXHAUSTED",
        message: expect.stringMatching(/disk .* is full/),
      });
      expect(full.text).not.toContain(small);
    }
    expect(await artifacts.open("large")).toBeUndefined();
    expect((await send(`${PROXY}/fits`, 500_000)).status).toBe(200);
    expect(await artifacts.measure("fits")).toEqual({ files: 1, bytes: 500_000 });
    expect(sockets.size).toBe(1);
    agent.destroy();
    await close(100);
  },
);

describe("uploads in parts", () => {
  const MPU = "/api/2.0/mlflow-artifacts/mpu";
  interface Created {
    readonly upload_id: string;
    readonly credentials: readonly {
      readonly url: string;
      readonly part_number: number;
      readonly headers: Record<string, string>;
    }[];
  }
  const create = async (folder: string, path: string, parts: number): Promise<Created> =>
    (await post(`${MPU}/create/${folder}`, { path, num_parts: parts })).json() as Promise<Created>;
  const send = async (created: Created, part: number, body: string) => {
    const { url, headers } = created.credentials[part - 1]!;
    const answer = await fetch(url, { method: "PUT", body, headers });
    expect(answer.status).toBe(200);
    return { part_number: part, etag: answer.headers.get("etag")!, url };
  };

  test("parts in any order become one file, and not before", async () => {
    const created = await create("u/run/artifacts", "C:\\data\\large.bin", 3);
    expect(created.credentials.map((c) => c.part_number)).toEqual([1, 2, 3]);
    const parts = await Promise.all([
      send(created, 3, "cc"),
      send(created, 1, "aaaa"),
      send(created, 2, "wrong"),
    ]);
    // Sent again: it takes the place of the first.
    const second = await send(created, 2, "bbbb");
    expect((await call(`${PROXY}/u/run/artifacts/large.bin`)).status).toBe(404);
    const complete = (given: object[], path = "/home/me/large.bin") =>
      post(`${MPU}/complete/u/run/artifacts`, {
        ...{ path, upload_id: created.upload_id, parts: given },
      });
    const bad = "INVALID_PARAMETER_VALUE";
    await refused(await complete([parts[1]!, second]), 400, bad, "all of 1 to 3");
    await refused(await complete([second, parts[1]!, parts[0]!]), 400, bad, "part 2");
    const foreign = { ...second, etag: '"0"' };
    await refused(await complete([parts[1]!, foreign, parts[0]!]), 400, bad, "part 2");
    await refused(await complete([parts[1]!, second, parts[0]!], "other"), 400, bad, "large.bin");
    expect((await call(`${PROXY}/u/run/artifacts/large.bin`)).status).toBe(404);
    const done = [parts[1]!, second, parts[0]!];
    const answers = await Promise.all([complete(done), complete(done)]);
    // A client whose first call took too long asks again.
    answers.push(await complete(done));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const file = await call(`${PROXY}/u/run/artifacts/large.bin`);
    expect(await file.text()).toBe("aaaabbbbcc");
    await refused(
      await fetch(created.credentials[0]!.url, { method: "PUT", body: "x" }),
      404,
      "RESOURCE_DOES_NOT_EXIST",
    );
  });

  test("an upload that is aborted, unknown or larger than is possible", async () => {
    const created = await create("u", "f", 1);
    const part = await send(created, 1, "x");
    const body = { path: "f", upload_id: created.upload_id };
    expect((await post(`${MPU}/abort/u`, body)).status).toBe(200);
    expect((await post(`${MPU}/abort/u`, body)).status).toBe(200);
    await refused(
      await post(`${MPU}/complete/u`, { ...body, parts: [part] }),
      404,
      "RESOURCE_DOES_NOT_EXIST",
    );
    for (const id of ["../../x", "x".repeat(32), "0".repeat(32)])
      await refused(
        await post(`${MPU}/complete/u`, { ...body, upload_id: id, parts: [part] }),
        404,
        "RESOURCE_DOES_NOT_EXIST",
      );
    const bad = "INVALID_PARAMETER_VALUE";
    for (const parts of [0, -1, 10_001])
      await refused(await post(`${MPU}/create/u`, { path: "f", num_parts: parts }), 400, bad);
    await refused(await post(`${MPU}/create/u`, { path: "..", num_parts: 1 }), 400, bad);
    await refused(await post(`${MPU}/create/..%2fu`, { path: "f", num_parts: 1 }), 400, bad);
    const other = await create("u", "f", 1);
    const beyond = other.credentials[0]!.url.replace(/1$/, "2");
    await refused(await fetch(beyond, { method: "PUT", body: "x" }), 400, bad, "parts 1 to 1");
  });

  test("what nobody completes goes after a week, what somebody works at stays", async () => {
    const old = await create("u", "old", 1);
    const young = await create("u", "young", 1);
    utimesSync(join(folder, "uploads", old.upload_id), 1000, 1000);
    now += 3_600_001;
    await create("u", "third", 1);
    const there = readdirSync(join(folder, "uploads"));
    expect(there).not.toContain(old.upload_id);
    expect(there).toContain(young.upload_id);
  });

  test("an upload goes on after a restart", async () => {
    const created = await create("u", "again", 2);
    const first = await send(created, 1, "a");
    const restarted = uploadsTo(folderArtifacts(kept), join(folder, "uploads"));
    const digest = await restarted.keep(
      created.upload_id,
      2,
      (async function* () {
        yield new TextEncoder().encode("b");
      })(),
    );
    await restarted.finish(created.upload_id, "u/again", [
      { part: 1, digest: first.etag.replaceAll('"', "") },
      { part: 2, digest },
    ]);
    expect(await (await call(`${PROXY}/u/again`)).text()).toBe("ab");
  });
});

describe("artifacts of runs, models and versions", () => {
  const api = "/api/2.0/mlflow/artifacts/list";

  test("a run's files, listed and read, wherever the server keeps them", async () => {
    await put(`1/${RUN}1/artifacts/a.txt`, "0");
    await put(`1/${RUN}1/artifacts/dir/b.txt`, "1");
    mkdirSync(join(served, `1/${RUN}2/artifacts/dir`), { recursive: true });
    writeFileSync(join(served, `1/${RUN}2/artifacts/a.txt`), "0");
    writeFileSync(join(served, `1/${RUN}2/artifacts/dir/b.txt`), "1");
    for (const run of [`${RUN}1`, `${RUN}2`, `${RUN}5`]) {
      expect(await json(`${api}?run_id=${run}`)).toEqual({
        root_uri: URIS[run],
        files: [
          { path: "a.txt", is_dir: false, file_size: 1 },
          { path: "dir", is_dir: true },
        ],
      });
      expect(await json(`${api}?run_uuid=${run}&path=dir`)).toMatchObject({
        files: [{ path: "dir/b.txt", is_dir: false, file_size: 1 }],
      });
      expect(await json(`${api}?run_id=${run}&path=none`)).toEqual({ root_uri: URIS[run] });
      const file = await call(`/get-artifact?run_id=${run}&path=dir/b.txt`);
      expect([file.status, await file.text()]).toEqual([200, "1"]);
      expect(file.headers.get("content-disposition")).toBe("attachment; filename=b.txt");
    }
  });

  test("more files than one page holds", async () => {
    const folder = join(kept, `1/${RUN}1/artifacts/many`);
    mkdirSync(folder, { recursive: true });
    const names = Array.from({ length: 10_001 }, (_, i) => `f${String(i).padStart(5, "0")}`);
    for (const name of names) writeFileSync(join(folder, name), "");
    const seen: string[] = [];
    for (let token = ""; ; ) {
      const page = (await json(`${api}?run_id=${RUN}1&path=many&page_token=${token}`)) as {
        readonly files: readonly { readonly path: string }[];
        readonly next_page_token?: string;
      };
      seen.push(...page.files.map(({ path }) => path));
      token = page.next_page_token ?? "";
      if (token === "") break;
    }
    expect(seen).toEqual(names.map((name) => `many/${name}`));
    await refused(await call(`${api}?run_id=${RUN}1&page_token=x`), 400, "INVALID_PARAMETER_VALUE");
  });

  test("nobody reads a folder of the server by naming it in a run", async () => {
    for (const run of [`${RUN}3`, `${RUN}4`]) {
      await refused(await call(`${api}?run_id=${run}`), 403, "PERMISSION_DENIED");
      await refused(await call(`/get-artifact?run_id=${run}&path=key`), 403, "PERMISSION_DENIED");
      const upload = await call(`/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${run}&path=key`, {
        method: "POST",
        body: "x",
      });
      await refused(upload, 403, "PERMISSION_DENIED");
    }
    const through = await call(`/get-artifact?run_id=${RUN}6&path=key`);
    await refused(through, 400, "INVALID_PARAMETER_VALUE", "Invalid path");
  });

  test("models and versions", async () => {
    await put(`1/models/${MODEL}/artifacts/MLmodel`, "flavors: {}");
    await put(`1/models/${MODEL}/artifacts/data/x`, "1");
    await put(`1/${RUN}1/artifacts/model/MLmodel`, "of the run");
    const model = `/ajax-api/2.0/mlflow/logged-models/${MODEL}/artifacts`;
    expect(await json(`${model}/directories`)).toEqual({
      root_uri: `mlflow-artifacts:/1/models/${MODEL}/artifacts`,
      files: [
        { path: "MLmodel", is_dir: false, file_size: 11 },
        { path: "data", is_dir: true },
      ],
    });
    expect(await json(`${model}/directories?artifact_directory_path=data`)).toMatchObject({
      files: [{ path: "data/x", is_dir: false, file_size: 1 }],
    });
    const file = await call(`${model}/files?artifact_file_path=MLmodel`);
    expect(await file.text()).toBe("flavors: {}");
    await refused(await call(`${model}/files`), 400, "BAD_REQUEST", "artifact_file_path");
    const version = (name: string, number: number, path = "MLmodel") =>
      call(`//model-versions/get-artifact?name=${name}&version=${number}&path=${path}`);
    expect(await (await version("spam", 1)).text()).toBe("flavors: {}");
    expect(await (await version("spam", 2)).text()).toBe("of the run");
    await refused(await version("spam", 3), 404, "RESOURCE_DOES_NOT_EXIST", "spam");
    await refused(await version("circle", 1), 400, "INVALID_PARAMETER_VALUE", "circle");
    // Before anything is looked up.
    await refused(await version("none", 1, "../x"), 400, "INVALID_PARAMETER_VALUE", "Invalid path");
  });

  test("what a caller gets wrong is said in MLflow's words", async () => {
    const bad = "INVALID_PARAMETER_VALUE";
    await refused(await call(api), 400, bad, "'run_id'");
    await refused(
      await call(`${api}?run_id=none`),
      404,
      "RESOURCE_DOES_NOT_EXIST",
      "Run with id=none",
    );
    expect(await json(`${api}?run_id=${RUN}1&path=../path`)).toEqual({
      ...{ error_code: bad, message: "Invalid path" },
    });
    await refused(
      await call(`/get-artifact?run_id=${RUN}1&path=../path`),
      400,
      bad,
      "Invalid path",
    );
    await refused(await call(`/get-artifact?run_id=${RUN}1`), 400, bad, "'path'");
    await refused(await call(`/get-artifact?path=x`), 400, bad, "'run_id'");
  });

  test("a small file of a run", async () => {
    const upload = (query: string, body?: string) =>
      call(`/ajax-api/2.0/mlflow/upload-artifact${query}`, { method: "POST", body: body ?? null });
    const bad = "INVALID_PARAMETER_VALUE";
    const run = `run_uuid=${RUN}1`;
    await refused(await upload(""), 400, bad, "Request must specify run_uuid.");
    await refused(await upload(`?${run}`), 400, bad, "Request must specify path.");
    await refused(await upload(`?${run}&path=`), 400, bad, "Request must specify path.");
    await refused(await upload(`?${run}&path=../test.txt`), 400, bad, "Invalid path");
    await refused(await upload(`?${run}&path=test.txt`), 400, bad, "Request must specify data.");
    await refused(
      await upload(`?${run}&path=test.txt`, "x".repeat(10 * 2 ** 20 + 1)),
      400,
      bad,
      "Max size is 10MB",
    );
    expect((await upload(`?${run}&path=small/test.txt`, "hello world")).status).toBe(200);
    const file = await call(`/get-artifact?run_uuid=${RUN}1&path=small/test.txt`);
    expect(await file.text()).toBe("hello world");
  });
});
