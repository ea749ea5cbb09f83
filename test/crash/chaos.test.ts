import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { random } from "../../src/lib/random.ts";
import { chaos } from "./chaos.ts";

const FOLDER = join(process.cwd(), ".millwright/crash");

test("workers killed, one paused, the database restarted: every task once in effect, nothing twice, no orphans", async () => {
  mkdirSync(FOLDER, { recursive: true });
  const worker = join(FOLDER, "chaos-worker.mjs");
  await build({
    ...{ entryPoints: ["test/crash/chaos-worker.ts"], outfile: worker, bundle: true },
    ...{ packages: "external", platform: "node", format: "esm", logLevel: "error" },
  });
  cpSync("src/storage/migrations", join(FOLDER, "migrations"), { recursive: true });
  const tasks = 240;
  const end = await chaos({
    ...{
      worker,
      workers: 3,
      places: 8,
      tasks,
      ms: 50,
      killEveryMs: 2500,
      killEveryTasks: 15,
      restarts: 2,
    },
    ...{ pauseMs: 11_000, random: random(7).next, say: () => {} },
  });
  expect(end).toMatchObject({
    outcome: { inOrder: true, failed: [] },
    ...{ restarts: 2, effects: tasks, runs: tasks, notSucceeded: 0, lost: 0 },
    ...{ versions: tasks / 10, distinctVersions: tasks / 10 },
  });
  expect(end.blobs.after).toBe(tasks);
  expect(end.blobs.unnamed).toBeGreaterThanOrEqual(tasks);
});
