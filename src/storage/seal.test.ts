import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { keyIn, sealWith } from "./seal.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-seal-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("what was sealed is read with the same key, and with no other", () => {
  const sealed = sealWith("one").seal("a secret");
  expect(Buffer.from(sealed).toString("latin1")).not.toContain("secret");
  expect(sealWith("one").open(sealed)).toBe("a secret");
  for (const broken of [sealed, new Uint8Array(3)])
    expect(() => sealWith("another").open(broken)).toThrow(/sealed with another key/);
});

test("a key is made once, for its owner alone, and one that was damaged is not used", () => {
  const file = join(folder, "deep", "secret.key");
  const key = keyIn(file);
  expect(key).toMatch(/^[\w-]{43}$/);
  expect(keyIn(file)).toBe(key);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeFileSync(file, "");
  expect(() => keyIn(file)).toThrow(/damaged: it has 0 characters/);
});
