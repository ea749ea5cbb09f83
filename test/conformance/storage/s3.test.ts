/** The S3 driver against a server of other people (moto), which this file starts, stops and restarts. `npm run conformance:storage`. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Digest, digestOf } from "../../../src/lib/digest.ts";
import { openBlobs } from "../../../src/storage/blobs/all.ts";
import { blobsContract } from "../../../src/testing/blobs-contract.ts";
import { type S3Server, startS3 } from "./s3-server.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-s3-"));
let server: S3Server;
let endpoint: string;
let client: S3Client;
let n = 0;

beforeAll(async () => {
  server = await startS3();
  ({ endpoint, client } = server);
});
afterAll(async () => {
  server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const fresh = (about: { at?: string; more?: string; cache?: string } = {}) =>
  openBlobs(`s3://mill/store-${n++}?endpoint=${about.at ?? endpoint}${about.more ?? ""}`, {
    base: folder,
    cache: about.cache ?? join(folder, `cache-${n}`),
  });
const opened = (prefix: string, cache: string, at = endpoint) =>
  openBlobs(`s3://mill/${prefix}?endpoint=${at}`, { base: folder, cache: join(folder, cache) });

blobsContract(
  "an S3-compatible server",
  async () => fresh(),
  async () => {
    // Times of objects are whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 2100));
    return Date.now() - 1050;
  },
  8,
);

describe("the S3 driver", () => {
  test("what one machine puts another reads, and has it when the server is away", async () => {
    const digest = await opened("shared", "here").put(new TextEncoder().encode("mill"));
    const there = opened("shared", "there");
    expect(readFileSync(await there.localPath(digest), "utf8")).toBe("mill");
    const cut = await brokenServer(503);
    const away = opened("shared", "there", cut.url);
    // Copies belong to a place, and this is another one.
    await expect(away.get(digest)).rejects.toMatchObject({ code: "unavailable" });
    await cut.close();
    server.process.kill("SIGSTOP");
    expect(Buffer.from(await there.get(digest)).toString()).toBe("mill");
    expect(readFileSync(await there.localPath(digest), "utf8")).toBe("mill");
    server.process.kill("SIGCONT");
  });

  test("a large file goes in parts and comes back the same, twice", async () => {
    const large = new Uint8Array(40_000_003).map((_, i) => (i * 7919) >> 5);
    const path = join(folder, "large");
    writeFileSync(path, large);
    const digest = await opened("parts", "sender").putFile(path);
    expect(digest).toBe(digestOf(large));
    expect(await opened("parts", "sender").putFile(path)).toBe(digest);
    expect(digestOf(readFileSync(await opened("parts", "reader").localPath(digest)))).toBe(digest);
  });

  test("bytes that changed on the server, or in the cache, are noticed", async () => {
    const blobs = opened("changed", "changed");
    const digest = await blobs.put(new TextEncoder().encode("right"));
    const Key = `changed/blobs/${digest.slice(7)}`;
    await client.send(new PutObjectCommand({ Bucket: "mill", Key, Body: "wrong" }));
    await expect(opened("changed", "other").get(digest)).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining("have changed in the object storage"),
    });
    await client.send(new PutObjectCommand({ Bucket: "mill", Key, Body: "right" }));
    truncateSync(await blobs.localPath(digest), 2);
    expect(Buffer.from(await blobs.get(digest)).toString()).toBe("right");
  });

  test("a copy that was damaged goes to nobody, whatever its size", async () => {
    for (const bytes of [1000, 9_000_000]) {
      const blobs = opened("damaged", "damaged");
      const content = new Uint8Array(bytes).fill(bytes);
      const digest = await blobs.put(content);
      truncateSync(await blobs.localPath(digest), 2);
      const Key = `damaged/blobs/${digest.slice(7)}`;
      await client.send(new DeleteObjectCommand({ Bucket: "mill", Key }));
      await blobs.put(content);
      expect((await opened("damaged", `fresh-${bytes}`).get(digest)).length).toBe(bytes);
    }
  });

  test("copies that are not used go when there are too many; the blobs stay", async () => {
    const cache = join(folder, "small-cache");
    const blobs = fresh({ more: "&cache=0.001", cache });
    const digests: Digest[] = [];
    for (let i = 0; i < 6; i++) {
      digests.push(await blobs.put(new Uint8Array(400_000).fill(i)));
      utimesSync(await blobs.localPath(digests[i]!), i + 1, i + 1);
    }
    const copies = readdirSync(cache, { recursive: true, withFileTypes: true });
    expect(copies.filter((entry) => entry.isFile()).length).toBeLessThan(4);
    for (const [i, digest] of digests.entries()) expect((await blobs.get(digest))[0]).toBe(i);
  });

  test("the copies of all stores together are not too many", async () => {
    const cache = join(folder, "both-caches");
    const blobs = fresh({ more: "&cache=0.001", cache });
    const beside = blobs.beside("artifacts");
    for (const [i, store] of [blobs, blobs, beside, beside].entries()) {
      const digest = await store.put(new Uint8Array(400_000).fill(i));
      utimesSync(await store.localPath(digest), i + 1, i + 1);
    }
    const copies = readdirSync(cache, { recursive: true, withFileTypes: true });
    expect(copies.filter((entry) => entry.isFile()).length).toBeLessThan(4);
  });

  test("what was begun and never ended is given up: uploads, marks, half copies; young ones are not", async () => {
    const blobs = opened("halves", "halves");
    const digest = await blobs.put(new Uint8Array([1]));
    const half = join(await blobs.localPath(digest), "../../tmp/half");
    writeFileSync(half, "x");
    utimesSync(half, 1000, 1000);
    await client.send(new CreateMultipartUploadCommand({ Bucket: "mill", Key: "halves/blobs/x" }));
    const Key = `halves/blobs/${digest.slice(7)}.going.dead`;
    await client.send(new PutObjectCommand({ Bucket: "mill", Key, Body: "" }));
    const open = async () =>
      (await client.send(new ListMultipartUploadsCommand({ Bucket: "mill" }))).Uploads?.length ?? 0;
    await blobs.tidy(0);
    expect([await open(), await marksIn("halves")]).toEqual([1, 1]);
    // Whoever starts and puts looks after the copies.
    expect(existsSync(half)).toBe(true);
    await opened("halves", "halves").put(new Uint8Array([2]));
    expect(existsSync(half)).toBe(false);
    await blobs.tidy(Date.now() + 3_600_000);
    expect([await open(), await marksIn("halves")]).toEqual([0, 0]);
    expect(await blobs.has(digest)).toBe(true);
  });

  test("a mark that a dead process left does not stop those who put", async () => {
    const blobs = opened("marks", "marks");
    const digest = await blobs.put(new Uint8Array([7]));
    const Key = `marks/blobs/${digest.slice(7)}.going.dead`;
    await client.send(new PutObjectCommand({ Bucket: "mill", Key, Body: "" }));
    const realNow = Date.now;
    const began = realNow();
    Date.now = () => began + (realNow() - began) * 1000;
    try {
      expect(await blobs.put(new Uint8Array([7]))).toBe(digest);
    } finally {
      Date.now = realNow;
    }
    expect(await blobs.has(digest)).toBe(true);
  });

  test("a mark is not old because the clock of this machine is ahead", async () => {
    const blobs = opened("ahead", "ahead");
    const digest = await blobs.put(new Uint8Array([9]));
    const mark = { Bucket: "mill", Key: `ahead/blobs/${digest.slice(7)}.going.alive` };
    await client.send(new PutObjectCommand({ ...mark, Body: "" }));
    const realNow = Date.now;
    Date.now = () => realNow() + 600_000;
    try {
      const putting = blobs.put(new Uint8Array([9]));
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await marksIn("ahead")).toBe(1);
      await client.send(new DeleteObjectCommand(mark));
      expect(await putting).toBe(digest);
    } finally {
      Date.now = realNow;
    }
  });

  test("a deletion of which nobody knows how it ended keeps its mark", async () => {
    const digest = await opened("unknown", "unknown").put(new Uint8Array([8]));
    const key = `/mill/unknown/blobs/${digest.slice(7)}`;
    const cut = await brokenServer(500, {
      next: endpoint,
      fails: ({ method, url }) => method === "DELETE" && url!.split("?")[0] === key,
    });
    const blobs = opened("unknown", "unknown", cut.url);
    await expect(blobs.deleteOld(digest, Date.now() + 3_600_000)).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(await marksIn("unknown")).toBe(1);
    await cut.close();
  });

  test("a line that is cut while it is read is the storage's failure, and nothing is kept", async () => {
    const digest = await opened("cut", "here").put(new Uint8Array(100_000).fill(1));
    const cut = await brokenServer(200, {
      next: endpoint,
      fails: ({ method, url }) => method === "GET" && !url!.includes("list-type"),
      how(response) {
        response.writeHead(200, { "content-length": 100_000 });
        response.write(Buffer.alloc(10_000, 1), () => response.destroy());
      },
    });
    const blobs = opened("cut", "there", cut.url);
    await expect(blobs.get(digest)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("does not answer as it should"),
    });
    await cut.close();
  });

  test("reads that the disk does not take hold no connection", async () => {
    const digest = await opened("held", "here").put(new Uint8Array(100_000).fill(2));
    writeFileSync(join(folder, "no-folder"), "x");
    const blobs = opened("held", "no-folder");
    for (let i = 0; i < 60; i++) await expect(blobs.get(digest)).rejects.toThrow("ENOTDIR");
  });

  test("a server that takes what it does not list is not asked for ever", async () => {
    const forgetful = await brokenServer(200, {
      next: endpoint,
      fails: ({ method }) => method === "PUT",
      how: (response) => response.writeHead(200, { etag: '"x"' }).end(),
    });
    await expect(fresh({ at: forgetful.url }).put(new Uint8Array([1]))).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("does not list it"),
    });
    await forgetful.close();
    const nothing = await brokenServer(404);
    for (const bytes of [1, 9_000_000])
      await expect(fresh({ at: nothing.url }).put(new Uint8Array(bytes))).rejects.toMatchObject({
        code: "unavailable",
      });
    await nothing.close();
  });

  test("a server that says 'slow down' is asked again", async () => {
    let failures = 0;
    const slow = await brokenServer(503, { next: endpoint, fails: () => failures++ < 2 });
    const blobs = opened("slow", "slow", slow.url);
    const digest = await blobs.put(new Uint8Array([1, 2, 3]));
    expect(await blobs.has(digest)).toBe(true);
    await slow.close();
  });

  test("errors say what is wrong and what to do", async () => {
    const nowhere = openBlobs(`s3://absent-bucket?endpoint=${endpoint}`, {
      base: folder,
      cache: join(folder, "absent"),
    });
    await expect(nowhere.put(new Uint8Array([1]))).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining("There is no bucket 'absent-bucket'"),
    });
    const refusing = await brokenServer(403);
    await expect(fresh({ at: refusing.url }).put(new Uint8Array([1]))).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining("AWS_ACCESS_KEY_ID"),
    });
    await refusing.close();
    await expect(fresh({ at: refusing.url }).put(new Uint8Array([1]))).rejects.toMatchObject({
      code: "unavailable",
    });
  });
});

const marksIn = async (prefix: string): Promise<number> => {
  const all = await client.send(new ListObjectsV2Command({ Bucket: "mill", Prefix: prefix }));
  return (all.Contents ?? []).filter(({ Key }) => Key!.includes(".going.")).length;
};

/** Answers with an error; of a real server, only to what `fails`, and hands the rest on. */
async function brokenServer(
  status: number,
  real?: {
    readonly next: string;
    fails(request: IncomingMessage): boolean;
    how?(response: ServerResponse): void;
  },
): Promise<{ url: string; close(): Promise<void> }> {
  const broken: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (!real || real.fails(request)) {
      if (real?.how) real.how(response);
      else response.writeHead(status).end();
      return;
    }
    const answer = await fetch(`${real.next}${request.url}`, {
      method: request.method!,
      headers: Object.fromEntries(
        Object.entries(request.headers).filter(
          ([name]) => !["connection", "content-length", "expect", "host"].includes(name),
        ),
      ) as Record<string, string>,
      ...(request.method === "PUT" ? { body: Buffer.concat(chunks) } : {}),
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => broken.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(broken.address() as { port: number }).port}`,
    close: () =>
      new Promise((resolve) => {
        broken.close(() => resolve());
        broken.closeAllConnections();
      }),
  };
}
