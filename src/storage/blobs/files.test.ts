import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { blobsContract } from "../../testing/blobs-contract.ts";
import { openBlobs } from "./all.ts";
import { fileBlobs } from "./files.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let n = 0;

const host = { base: folder, cache: join(folder, "cache") };

blobsContract(
  "the file store",
  async () => openBlobs(`file:./store-${n++}`, host),
  async (blobs, digest) => {
    utimesSync(await blobs.localPath(digest), 1000, 1000);
    return Date.now() - 60_000;
  },
);

test("bytes that changed on disk are noticed", async () => {
  const blobs = fileBlobs(join(folder, "damaged"));
  const digest = await blobs.put(new Uint8Array([1, 2, 3]));
  const path = await blobs.localPath(digest);
  chmodSync(path, 0o644);
  writeFileSync(path, "other");
  await expect(blobs.get(digest)).rejects.toMatchObject({ code: "internal" });
});

test("a failed copy or stream leaves nothing half-written", async () => {
  const root = join(folder, "clean");
  const broken = fileBlobs(root).putStream(
    (async function* () {
      yield new Uint8Array(100_000);
      throw new Error("the line was cut");
    })(),
  );
  await expect(broken).rejects.toThrow("the line was cut");
  await expect(fileBlobs(root).putFile(folder)).rejects.toThrow();
  expect(readdirSync(join(root, "tmp"))).toEqual([]);
});

test("what a process that died left half written is removed, what grows is not", async () => {
  const root = join(folder, "halves");
  const blobs = fileBlobs(root);
  await blobs.put(new Uint8Array([1]));
  writeFileSync(join(root, "tmp/old"), "x");
  writeFileSync(join(root, "tmp/young"), "x");
  utimesSync(join(root, "tmp/old"), 1000, 1000);
  await blobs.tidy(Date.now() - 60_000);
  expect(readdirSync(join(root, "tmp"))).toEqual(["young"]);
});

const small = join(folder, "small");
mkdirSync(small);
const mounted =
  process.getuid?.() === 0 &&
  spawnSync("/bin/sh", ["-c", `mount -t tmpfs -o size=64k tmpfs "${small}"`]).status === 0;
afterAll(() => {
  if (mounted) spawnSync("/bin/sh", ["-c", `umount "${small}"`]);
});

test.runIf(mounted)("a full disk is storage_full, and what was there stays", async () => {
  const blobs = fileBlobs(small);
  const kept = await blobs.put(new Uint8Array([1]));
  await expect(blobs.put(new Uint8Array(200_000))).rejects.toMatchObject({ code: "storage_full" });
  expect(await blobs.has(kept)).toBe(true);
  expect(readdirSync(join(small, "tmp"))).toEqual([]);
});

test("a young blob is not even moved when it is asked whether it is old", async () => {
  const blobs = fileBlobs(join(folder, "young"));
  const digest = await blobs.put(new Uint8Array([1]));
  // A rename would show.
  const changed = () => blobs.localPath(digest).then((path) => statSync(path).ctimeMs);
  const before = await changed();
  expect(await blobs.deleteOld(digest, Date.now() - 60_000)).toBe(false);
  expect(await changed()).toBe(before);
});

test("a URL of files names a path, whatever is in it", async () => {
  const blobs = openBlobs(`file://${folder}/with%20space`, host);
  await blobs.put(new Uint8Array([1]));
  expect(readdirSync(folder)).toContain("with space");
  expect(() => openBlobs("file://machine/blobs", host)).toThrow(/file:\/\/\/var\/blobs/);
});

test("an unknown kind of store is named in the error, without its secrets", () => {
  for (const url of ["ftp://x", "minio://key:secret@x/b", "minio://x/b?password=secret"]) {
    expect(() => openBlobs(url, host)).toThrow(/known are file:/);
    expect(() => openBlobs(url, host)).not.toThrow("secret");
  }
});
