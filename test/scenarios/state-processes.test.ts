import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openState } from "../../src/storage/state/all.ts";
import { keysUnder } from "../../src/storage/state/state.ts";

const here = dirname(fileURLToPath(import.meta.url));
// Beside the sources, so that it finds the packages.
const program = join(here, `.state-process-${process.pid}.mjs`);
const folder = mkdtempSync(join(tmpdir(), "millwright-state-processes-"));

beforeAll(async () => {
  await build({
    ...{ entryPoints: [join(here, "state-process.ts")], outfile: program, bundle: true },
    ...{ platform: "node", format: "esm", packages: "external", logLevel: "error" },
  });
});
afterAll(() => {
  rmSync(program, { force: true });
  rmSync(folder, { recursive: true, force: true });
});

interface Counting {
  readonly child: ChildProcess;
  /** What it has said that it counted. */
  count: number;
}

function start(name: string): Counting {
  const child = spawn(process.execPath, [program, folder, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const counting: Counting = { child, count: 0 };
  child.stdout.on("data", (lines: Buffer) => {
    counting.count = Number(lines.toString().trim().split("\n").at(-1));
  });
  return counting;
}

const end = async ({ child }: Counting, signal: NodeJS.Signals) => {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
};

test("processes of one machine count together, and one that is killed in the middle neither stops nor wrongs the others", async () => {
  const all = ["a", "b", "c", "d"].map(start);
  for (const one of all) await expect.poll(() => one.count).toBeGreaterThan(30);
  const [a, b, ...others] = all;
  await end(a!, "SIGKILL");
  await end(b!, "SIGKILL");
  const late = start("e");
  for (const one of [...others, late]) {
    const before = one.count;
    await expect.poll(() => one.count).toBeGreaterThan(before + 100);
  }
  for (const one of [...others, late]) await end(one, "SIGTERM");
  const said = [...all, late].reduce((sum, { count }) => sum + count, 0);
  const state = openState(`file:${folder}`, { base: "/", now: Date.now });
  const counted = await state.add("all", 0);
  expect(counted).toBeGreaterThanOrEqual(said);
  // Ten may have been under way in each that was killed, and ten more done that it could not say.
  expect(counted).toBeLessThanOrEqual(said + 2 * 20);
  expect((await keysUnder(state, "last/")).sort()).toEqual(
    ["a", "b", "c", "d", "e"].map((name) => `last/${name}`),
  );
  await state.close();
});
