import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Digest, digestOf } from "../lib/digest.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";

/**
 * What every blob store must do. Call it once in the driver's test; `open` gives an empty store.
 * @param age makes a blob one that nobody has put for an hour; where a store cannot, `age` waits and says from when on it is old.
 */
export function blobsContract(
  name: string,
  open: () => Promise<Blobs>,
  age: (blobs: Blobs, digest: Digest) => Promise<number>,
  rounds = 50,
): void {
  describe(`${name} keeps blobs`, () => {
    const folder = mkdtempSync(join(tmpdir(), "millwright-blobs-"));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const bytesOf = (text: string) => new TextEncoder().encode(text);

    test("what was put comes back, under the digest of its bytes", async () => {
      const blobs = await open();
      const bytes = bytesOf("mill");
      const digest = await blobs.put(bytes);
      expect(digest).toBe(digestOf(bytes));
      expect(new Uint8Array(await blobs.get(digest))).toEqual(bytes);
      expect(await blobs.has(digest)).toBe(true);
      expect(readFileSync(await blobs.localPath(digest), "utf8")).toBe("mill");
    });

    test("empty and large blobs, from memory and from a file, many at once", async () => {
      const blobs = await open();
      expect((await blobs.get(await blobs.put(new Uint8Array(0)))).length).toBe(0);
      const large = new Uint8Array(3_000_001).map((_, i) => (i * 7919) >> 3);
      const path = join(folder, "large");
      writeFileSync(path, large);
      const all = await Promise.all([
        blobs.putFile(path),
        blobs.put(large),
        blobs.putFile(path),
        blobs.put(large),
      ]);
      expect(new Set(all)).toEqual(new Set([digestOf(large)]));
      expect(digestOf(await blobs.get(all[0]))).toBe(all[0]);
      expect(digestOf(readFileSync(path))).toBe(all[0]);
    });

    test("a stream is taken piece by piece, and nothing is kept of one that breaks", async () => {
      const blobs = await open();
      const pieces = ["mill", "", "wri", "ght"].map(bytesOf);
      let waiting = 0;
      const digest = await blobs.putStream(
        (async function* () {
          for (const piece of pieces) {
            waiting += 1;
            yield piece;
            waiting -= 1;
          }
        })(),
      );
      expect(waiting).toBe(0);
      expect(digest).toBe(digestOf("millwright"));
      expect(new Uint8Array(await blobs.get(digest))).toEqual(bytesOf("millwright"));
      const broken = blobs.putStream(
        (async function* () {
          yield bytesOf("half");
          throw new Error("the line was cut");
        })(),
      );
      await expect(broken).rejects.toThrow("the line was cut");
      expect(await blobs.has(digestOf("half"))).toBe(false);
    });

    test("only what nobody has put lately is deleted as old", async () => {
      const blobs = await open();
      const digest = await blobs.put(bytesOf("kept"));
      const later = Date.now() + 3_600_000;
      expect(await blobs.deleteOld(digest, Date.now() - 3_600_000)).toBe(false);
      expect(await blobs.has(digest)).toBe(true);
      for (const again of [
        () => blobs.put(bytesOf("kept")),
        () => blobs.putStream(piecesOf(bytesOf("kept"))),
      ]) {
        const old = await age(blobs, digest);
        await again();
        expect(await blobs.deleteOld(digest, old)).toBe(false);
      }
      expect(await blobs.deleteOld(digest, later)).toBe(true);
      expect(await blobs.has(digest)).toBe(false);
      expect(await blobs.deleteOld(digest, later)).toBe(true);
    });

    test("deleting what is old while others put it loses nothing", async () => {
      const blobs = await open();
      const bytes = bytesOf("wanted by many");
      for (let i = 0; i < rounds; i++) {
        const digest = await blobs.put(bytes);
        const old = await age(blobs, digest);
        await Promise.all([
          blobs.deleteOld(digest, old),
          blobs.put(bytes),
          blobs.putStream(piecesOf(bytes)),
        ]);
        expect(await blobs.has(digest)).toBe(true);
      }
    });

    test("all of them are listed, and those of a store beside it are not", async () => {
      const blobs = await open();
      const digests = await Promise.all(["1", "2", "3"].map((text) => blobs.put(bytesOf(text))));
      await blobs.beside("artifacts").put(bytesOf("4"));
      const listed: Digest[] = [];
      for await (const digest of blobs.list()) listed.push(digest);
      expect(listed.sort()).toEqual(digests.sort());
      for await (const digest of (await open()).list()) expect(digest).toBeUndefined();
    });

    test("a store beside another has blobs of its own", async () => {
      const blobs = await open();
      const beside = blobs.beside("artifacts");
      const digest = await beside.put(bytesOf("mine"));
      expect(await blobs.has(digest)).toBe(false);
      await blobs.put(bytesOf("mine"));
      await blobs.delete(digest);
      expect(await blobs.beside("artifacts").has(digest)).toBe(true);
      for (const name of ["", "tmp", "..", "a/b", "ab"])
        expect(() => blobs.beside(name)).toThrow(/no name/);
    });

    test("an absent blob is not_found; deleting twice is fine", async () => {
      const blobs = await open();
      const digest = await blobs.put(bytesOf("short-lived"));
      await blobs.delete(digest);
      await blobs.delete(digest);
      expect(await blobs.has(digest)).toBe(false);
      await expect(blobs.get(digest)).rejects.toMatchObject({ code: "not_found" });
      await expect(blobs.localPath(digest)).rejects.toMatchObject({ code: "not_found" });
      await expect(blobs.putFile(join(folder, "nowhere"))).rejects.toMatchObject({
        code: "not_found",
      });
    });

    test("names that are no digests are refused", async () => {
      const blobs = await open();
      const old = (digest: Digest) => blobs.deleteOld(digest, 0);
      const tricks = [
        "",
        "sha256:",
        "../../etc/passwd",
        `sha256:../${"a".repeat(61)}`,
        `sha256:${"A".repeat(64)}`,
      ];
      for (const trick of tricks)
        for (const use of [blobs.get, blobs.has, blobs.localPath, blobs.delete, old])
          await expect(use(trick as never)).rejects.toMatchObject({ code: "invalid_input" });
    });
  });
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 3) yield bytes.subarray(at, at + 3);
}
