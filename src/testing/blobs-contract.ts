import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { digestOf } from "../lib/digest.ts";
import type { Blobs } from "../storage/blobs/blobs.ts";

/** What every blob store must do. Call it once in the driver's test; `open` gives an empty store. */
export function blobsContract(name: string, open: () => Promise<Blobs>): void {
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
      const tricks = [
        "",
        "sha256:",
        "../../etc/passwd",
        `sha256:../${"a".repeat(61)}`,
        `sha256:${"A".repeat(64)}`,
      ];
      for (const trick of tricks)
        for (const use of [blobs.get, blobs.has, blobs.localPath, blobs.delete])
          await expect(use(trick as never)).rejects.toMatchObject({ code: "invalid_input" });
    });
  });
}
