import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stateContract } from "../../testing/state-contract.ts";
import { openState } from "./all.ts";
import type { State } from "./state.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-state-"));
const opened: State[] = [];
afterAll(async () => {
  for (const state of opened) await state.close();
  rmSync(folder, { recursive: true, force: true });
});
let n = 0;

const openAt = (url: string, now = Date.now): State => {
  const state = openState(url, { base: folder, now });
  opened.push(state);
  return state;
};

stateContract("LMDB", async () => {
  const url = `file:./store.${n++}`;
  return { state: openAt(url), other: async () => openAt(url) };
});

const one = new Uint8Array([1]);

test("what was put is there after the store was closed", async () => {
  const first = openAt("file:./again");
  await first.put("a", one);
  await first.close();
  expect([...(await openAt(`file://${folder}/again`).get("a"))!]).toEqual([1]);
});

test("the clock of the process decides whose life is over", async () => {
  let now = 1_000_000;
  const state = openAt("file:./clock", () => now);
  await state.put("a", one, { ttlMs: 1000 });
  now += 999;
  expect(await state.get("a")).toBeDefined();
  now += 1;
  expect(await state.get("a")).toBeUndefined();
});

test("a folder that is none, or that holds something else, is named with what to do", async () => {
  writeFileSync(join(folder, "file"), "x");
  await expect(openAt("file:./file").get("a")).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("STATE_URL"),
  });
  mkdirSync(join(folder, "damaged"));
  writeFileSync(join(folder, "damaged", "data.mdb"), Buffer.alloc(16_384, 7));
  await expect(openAt("file:./damaged").get("a")).rejects.toMatchObject({
    code: "internal",
    message: expect.stringContaining("remove the folder"),
  });
});

test("URLs that cannot be used are refused without showing a password", () => {
  const open = (url: string) => () => openState(url, { base: folder, now: Date.now });
  for (const [url, words] of [
    ["memcached://me:secret@host", /known are file:…, redis:…, rediss:…/],
    ["nothing", /no known beginning/],
    ["file://relative/path", /absolute path/],
    ["redis://:secret@", /no URL|no host/],
    ["redis://:sec/ret@host", /no URL|number of a database/],
    ["redis://me:secret@host/first", /'first' is no number/],
    ["redis://me:secret@host?tls=yes", /'tls' is not known/],
    ["redis://me:secret@host?timeout=soon", /timeout 'soon'/],
    ["redis://me:secret@host?prefix=a%20b", /prefix 'a b'/],
    ["redis://me:secret@host?ca=/ca.pem", /rediss:\/\/ only/],
    ["rediss://me:secret@host?ca=/nowhere.pem", /cannot be read/],
  ] as const) {
    expect(open(url)).toThrow(words);
    expect(open(url)).not.toThrow(/secret/);
  }
});
