import { createHash } from "node:crypto";
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { MillwrightError } from "../errors.ts";
import { quietLog } from "../testing/quiet-log.ts";
import type { HttpRoute } from "./http.ts";
import { type HttpServer, openServer, type ServerOptions } from "./server.ts";

const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(100)));
});

/** Of the last upload: how far it came. */
const seen = { bytes: 0, error: "", ended: false };

const upload = async (body: AsyncIterable<Uint8Array>, each?: () => Promise<void>) => {
  Object.assign(seen, { bytes: 0, error: "", ended: false });
  const hash = createHash("sha256");
  try {
    for await (const chunk of body) {
      seen.bytes += chunk.length;
      hash.update(chunk);
      await each?.();
    }
    seen.ended = true;
  } catch (error) {
    seen.error = (error as NodeJS.ErrnoException).code ?? String(error);
    throw error;
  }
  return { body: { bytes: seen.bytes, digest: hash.digest("hex") } };
};
const bodyOf = (body: unknown) => body as AsyncIterable<Uint8Array>;
let goOn: () => void = () => {};

const routes: HttpRoute[] = [
  {
    ...{ method: "PUT", path: "/files/{path*}", stream: true },
    handle: ({ body }) => upload(bodyOf(body)),
  },
  {
    ...{ method: "PUT", path: "/held", stream: true },
    handle: ({ body }) => upload(bodyOf(body), () => new Promise((resolve) => (goOn = resolve))),
  },
  {
    ...{ method: "PUT", path: "/refused", stream: true },
    handle: () => {
      throw new MillwrightError("invalid_input", "Not here.");
    },
  },
  {
    ...{ method: "PUT", path: "/full", stream: true },
    async handle({ body }) {
      for await (const _ of bodyOf(body)) throw new MillwrightError("storage_full", "Full.");
      return {};
    },
  },
  {
    ...{ method: "GET", path: "/files/{path*}", stream: true },
    handle: ({ params, search }) => ({
      type: "application/octet-stream",
      headers: { "x-path": encodeURIComponent(params.path!), "x-search": search ?? "none" },
      body: Readable.from([Buffer.from(params.path!)]),
    }),
  },
  {
    ...{ method: "GET", path: "/large", stream: true },
    handle: () => ({
      ...{ type: "application/octet-stream", headers: { "content-length": String(2 ** 40) } },
      body: new Readable({
        read() {
          produced += 65_536;
          this.push(Buffer.alloc(65_536));
        },
        destroy(error, done) {
          destroyed = true;
          done(error);
        },
      }),
    }),
  },
  {
    ...{ method: "GET", path: "/breaks", stream: true },
    handle: () => ({
      type: "text/plain",
      body: (async function* () {
        yield "first";
        throw new Error("the disk went away");
      })(),
    }),
  },
  {
    method: "PATCH",
    path: "/things/{id}",
    handle: ({ params, body }) => ({ body: { params, body } }),
  },
  { method: "POST", path: "/json", handle: ({ body }) => ({ body: { body } }) },
  { method: "GET", path: "/one/two", handle: () => ({ body: "there" }) },
];
let produced = 0;
let destroyed = false;

async function serve(options: Partial<ServerOptions> = {}): Promise<string> {
  const server = await openServer({ routes, log: quietLog(), port: 0, ...options });
  open.push(server);
  return server.url;
}

/** Sends what `write` writes, and resolves with the answer. */
function send(
  url: string,
  options: object,
  write: (to: ClientRequest) => unknown,
): Promise<{ status: number; text: string; message: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (message) => {
      let text = "";
      message.on("data", (chunk) => {
        text += chunk;
      });
      message.on("end", () => resolve({ status: message.statusCode!, text, message }));
      message.on("error", reject);
    });
    asked.on("error", reject);
    write(asked);
  });
}

const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await sleep(5);
};

describe("bodies as streams", () => {
  test("an upload may be larger than any limit, of any type or none", async () => {
    const url = await serve({ bodyLimit: 1000 });
    const chunk = Buffer.alloc(100_000, 7);
    const digest = createHash("sha256")
      .update(Buffer.concat(Array(50).fill(chunk)))
      .digest("hex");
    for (const headers of [
      { "content-length": 5_000_000 },
      { "content-type": "application/json", "content-length": 5_000_000 },
      { "content-type": "multipart/form-data", "transfer-encoding": "chunked" },
    ]) {
      const { status, text } = await send(`${url}/files/x`, { method: "PUT", headers }, (to) =>
        Readable.from(Array(50).fill(chunk)).pipe(to),
      );
      expect(status).toBe(200);
      expect(JSON.parse(text)).toEqual({ bytes: 5_000_000, digest });
    }
    const empty = await fetch(`${url}/files/x`, { method: "PUT" });
    expect(empty.status).toBe(200);
    const large = await fetch(`${url}/json`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify("x".repeat(2000)),
    });
    expect(large.status).toBe(413);
  });

  test.each(["content-length: 20000000", "transfer-encoding: chunked"])(
    "who sends far too much (%s) is answered all the same, and goes on with the same connection",
    async (header) => {
      const url = await serve({ bodyLimit: 1000 });
      const [name, value] = header.split(": ") as [string, string];
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; i < 2; i++) {
        const headers = { "content-type": "application/json", [name]: value };
        const { status, text } = await send(
          `${url}/json`,
          { method: "POST", headers, agent },
          (to) => Readable.from(Array(200).fill(Buffer.alloc(100_000, " "))).pipe(to),
        );
        expect([status, JSON.parse(text).code]).toEqual([413, "payload_too_large"]);
      }
      agent.destroy();
    },
  );

  test("a slow upload is waited for, a slow body of any other route is not", async () => {
    const url = await serve({ timeoutMs: 150 });
    const headers = { "content-type": "application/json", "content-length": 3_000_000 };
    const slowly = (parts: number) => async (to: ClientRequest) => {
      for (let i = 0; i < parts; i++) {
        if (to.destroyed) return;
        to.write('"x"');
        await sleep(60);
      }
      to.end(Buffer.alloc(3_000_000 - 3 * parts));
    };
    const { text } = await send(`${url}/files/x`, { method: "PUT", headers }, slowly(8));
    expect(JSON.parse(text).bytes).toBe(3_000_000);
    // So many that it ends only because the server does not wait.
    const never = send(`${url}/json`, { method: "POST", headers }, slowly(900_000));
    await expect(never).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("a connection that stands still is ended, and the upload with it", async () => {
    const url = await serve({ stallMs: 2000 });
    const stalled = send(
      `${url}/files/x`,
      { method: "PUT", headers: { "content-length": 100 } },
      (to) => to.write("half"),
    );
    await expect(stalled).rejects.toMatchObject({ code: "ECONNRESET" });
    await until(() => seen.error !== "");
    expect(seen).toEqual({ bytes: 4, error: "ECONNRESET", ended: false });
  });

  test("who reads slowly slows the sender down", async () => {
    const url = await serve();
    let sent = 0;
    const answer = send(`${url}/held`, { method: "PUT" }, async (to) => {
      for (let i = 0; i < 640; i++) {
        if (!to.write(Buffer.alloc(65_536))) await new Promise((go) => to.once("drain", go));
        sent += 65_536;
      }
      to.end();
    });
    await until(() => seen.bytes > 0 && sent > 0);
    let before = -1;
    while (before !== sent) {
      before = sent;
      await sleep(100);
    }
    // What fits into the buffers of two sockets, but not 40 MiB.
    expect(sent).toBeLessThan(20 * 2 ** 20);
    const timer = setInterval(() => goOn(), 0);
    expect(JSON.parse((await answer).text).bytes).toBe(640 * 65_536);
    clearInterval(timer);
  });

  test("after a refusal, at once or in the middle, the connection is used again", async () => {
    const url = await serve();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    const put = async (path: string, bytes: number) => {
      const { status, message, text } = await send(
        url + path,
        { method: "PUT", agent, headers: { "content-length": bytes } },
        (to) => {
          to.on("socket", (socket) => sockets.add(socket));
          to.end(Buffer.alloc(bytes));
        },
      );
      expect(message.headers.connection).not.toBe("close");
      return { status, text };
    };
    expect(await put("/refused", 10_000_000)).toMatchObject({ status: 400 });
    expect(await put("/full", 10_000_000)).toMatchObject({ status: 507 });
    expect(await put("/refused", 3)).toMatchObject({ status: 400 });
    expect(await put("/nowhere", 10_000_000)).toMatchObject({ status: 404 });
    expect(JSON.parse((await put("/files/x", 10_000_000)).text).bytes).toBe(10_000_000);
    expect(sockets.size).toBe(1);
    agent.destroy();
  });

  test("an upload that breaks off is an error in its handler, and nothing else happens", async () => {
    const url = await serve();
    Object.assign(seen, { bytes: 0, error: "", ended: false });
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
        socket.write("PUT /files/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf");
        void until(() => seen.bytes === 4).then(() => socket.destroy());
      });
      socket.on("close", () => resolve());
    });
    await until(() => seen.error !== "");
    expect(seen).toEqual({ bytes: 4, error: "ECONNRESET", ended: false });
    expect((await fetch(`${url}/one/two`)).status).toBe(200);
  });

  test("without the token nothing of a body is taken", async () => {
    const url = await serve({ token: "s3cret" });
    Object.assign(seen, { bytes: -1 });
    const { status } = await send(`${url}/files/x`, { method: "PUT" }, (to) =>
      to.end(Buffer.alloc(3_000_000)),
    );
    expect(status).toBe(401);
    expect(seen.bytes).toBe(-1);
  });
});

describe("answers as streams", () => {
  test("an answer leaves as fast as it is taken, and ends when nobody takes it", async () => {
    const url = await serve();
    produced = 0;
    destroyed = false;
    const message = await new Promise<IncomingMessage>((resolve) =>
      request(`${url}/large`, resolve).end(),
    );
    message.once("data", () => message.pause());
    let before = -1;
    while (before !== produced) {
      before = produced;
      await sleep(100);
    }
    expect(produced).toBeLessThan(40 * 2 ** 20);
    message.destroy();
    await until(() => destroyed);
  });

  test("HEAD says how long it would be, and reads nothing", async () => {
    const url = await serve();
    produced = 0;
    const head = await fetch(`${url}/large`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(2 ** 40));
    expect(produced).toBeLessThan(2 ** 20);
  });

  test("an answer that breaks in its middle never looks complete", async () => {
    const url = await serve();
    const answer = await fetch(`${url}/breaks`);
    await expect(answer.text()).rejects.toThrow();
    expect((await fetch(`${url}/one/two`)).status).toBe(200);
  });
});

describe("paths", () => {
  test("the rest of a path is decoded once, whatever is in it", async () => {
    const url = await serve();
    const long = "🙂".repeat(500);
    for (const [sent, expected] of [
      ["a/b/c.txt", "a/b/c.txt"],
      ["a%2Fb%2fc", "a/b/c"],
      ["a%20b%231.txt", "a b#1.txt"],
      ["100%25.txt", "100%.txt"],
      ["%2523", "%23"],
      ["%25252e", "%252e"],
      ["a%3Fb%26c%3Dd%2B%40%3A", "a?b&c=d+@:"],
      ["a+b", "a+b"],
      ["na%C3%AFve", "naïve"],
      ["%E6%96%87%25%23", "文%#"],
      ["..%2f..%2fetc", "../../etc"],
      ["%2e%2e%5Cx", "..\\x"],
      [encodeURIComponent(long), long],
      ["x".repeat(1000), "x".repeat(1000)],
    ] as const) {
      // fetch would tidy the path up.
      const { status, message } = await send(url, { path: `/files/${sent}` }, (to) => to.end());
      expect([sent, status]).toEqual([sent, 200]);
      expect(message.headers["x-path"]).toBe(encodeURIComponent(expected));
    }
    for (const wrong of ["%zz", "%", "%C3%28"])
      expect((await send(url, { path: `/files/${wrong}` }, (to) => to.end())).status).toBe(400);
  });

  test("what follows the ? comes as it was sent", async () => {
    const url = await serve();
    // fetch would leave a lonely ? out.
    const searchOf = async (path: string) =>
      (await send(url, { path }, (to) => to.end())).message.headers["x-search"];
    expect(await searchOf("/files/x?a%20b=c&d?e")).toBe("a%20b=c&d?e");
    expect(await searchOf("/files/x?")).toBe("");
    expect(await searchOf("/files/x")).toBe("none");
  });

  test("PATCH, and doubled slashes", async () => {
    const url = await serve();
    const patched = await fetch(`${url}/things/7`, {
      ...{ method: "PATCH", headers: { "content-type": "application/json" } },
      body: '{"a":1}',
    });
    expect(await patched.json()).toEqual({ params: { id: "7" }, body: { a: 1 } });
    expect((await fetch(`${url}/things/7`)).headers.get("allow")).toBe("PATCH");
    for (const path of ["//one/two", "/one//two", "/one/two/"])
      expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
  });
});
