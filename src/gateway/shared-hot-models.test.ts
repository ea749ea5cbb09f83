import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Digest } from "../lib/digest.ts";
import { openState } from "../storage/state/all.ts";
import type { State } from "../storage/state/state.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { interleaved, sharedHotModels } from "./shared-hot-models.ts";

const folder = mkdtempSync(join(tmpdir(), "millwright-hot-"));
let state: State;
beforeAll(() => {
  state = openState("file:./state", { base: folder, now: Date.now });
});
afterAll(async () => {
  await state.close();
  rmSync(folder, { recursive: true, force: true });
});

const digest = (n: number): Digest => `sha256:${n.toString(16).padStart(64, "0")}`;
const all = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => digest(from + i));

test("a newcomer sees what is hot at all others, each gateway's hottest first; what is no list is passed over", async () => {
  const [a, b, newcomer] = ["a", "b", "c"].map((name) => sharedHotModels(state, name, quietLog()));
  expect(await newcomer!.read()).toEqual([]);
  await a!.write(all(10, 2));
  await a!.write(all(20, 2));
  await b!.write([digest(30), digest(20), ...all(100, 2000)]);
  await state.put("gateways/hot/later", new Uint8Array(33));
  const found = await newcomer!.read();
  expect(new Set(found.slice(0, 2))).toEqual(new Set([digest(20), digest(30)]));
  expect(found).toContain(digest(21));
  expect(found).not.toContain(digest(10));
  expect(found).toHaveLength(3 + 998);
});

test("while the state is away nothing is thrown, and it is said once; also when it is back", async () => {
  let away = true;
  const failing = async () => {
    throw new Error("gone");
  };
  const log = quietLog();
  const shaky: State = {
    ...state,
    keys: (prefix) => (away ? failing() : state.keys(prefix)),
    put: (...args) => (away ? failing() : state.put(...args)),
  };
  const shared = sharedHotModels(shaky, "d", log);
  expect(await shared.read()).toEqual([]);
  await shared.write(all(1, 1));
  await shared.write(all(1, 1));
  expect(shared.away()).toBe(true);
  expect(log.lines).toEqual([expect.stringMatching(/cannot be used.*what it knows itself/)]);
  away = false;
  await shared.write(all(1, 1));
  expect(shared.away()).toBe(false);
  expect(log.lines[1]).toMatch(/again/);
});

test("lists take turns, and a model comes once, at its best place", () => {
  const [a, b, c] = all(1, 3);
  expect(interleaved([[a!, b!], [], [c!, a!, b!]])).toEqual([a, c, b]);
  expect(interleaved([])).toEqual([]);
});
