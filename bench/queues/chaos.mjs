// The full form of test/crash/chaos.test.ts:  node bench/queues/chaos.mjs [tasks] [workers]
// 5,000 tasks of three effects each by four workers; one is killed every second and a half or so, PostgreSQL is stopped once and killed once, and
// a worker stands still for 15 s. Ends with 1 when anything is there twice, missing or left over.
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const [tasks = 5000, workers = 4] = process.argv.slice(2).map(Number);
const folder = join(process.cwd(), ".millwright/bench-chaos");
mkdirSync(folder, { recursive: true });
await build({
  entryPoints: ["test/crash/chaos-worker.ts", "test/crash/chaos.ts", "src/lib/random.ts"],
  outdir: folder,
  outbase: ".",
  entryNames: "[name]",
  outExtension: { ".js": ".mjs" },
  ...{ bundle: true, packages: "external", platform: "node", format: "esm", logLevel: "error" },
});
cpSync("src/storage/migrations", join(folder, "migrations"), { recursive: true });
const { chaos } = await import(join(folder, "chaos.mjs"));
const { random } = await import(join(folder, "random.mjs"));

let said = 0;
const end = await chaos({
  ...{ worker: join(folder, "chaos-worker.mjs"), workers, places: 8, tasks, ms: 20 },
  ...{ killEveryMs: 1500, killEveryTasks: 40, restarts: 2, pauseMs: 15_000, random: random("chaos").next },
  say(line) {
    if (/^\d/.test(line) && Date.now() - said < 5000) return;
    said = Date.now();
    console.error(line);
  },
});
console.log(JSON.stringify(end, null, 2));
const right =
  end.outcome.inOrder &&
  end.effects === tasks &&
  end.runs === tasks &&
  end.notSucceeded === 0 &&
  end.versions === tasks / 10 &&
  end.distinctVersions === tasks / 10 &&
  end.blobs.after === tasks &&
  end.lost === 0;
console.log(right ? "every task once in effect" : "WRONG");
process.exitCode = right ? 0 : 1;
