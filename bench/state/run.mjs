/**
 * Online state: LMDB and Redis through our port, and the same clients without it, in turns in one process.
 * Usage: node bench/state/run.mjs            Needs a redis-server (REDIS_SERVER names another). Writes bench/state/RESULTS.md.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const program = `${here}.measure-${process.pid}.mjs`;
await build({
  entryPoints: [`${here}measure.ts`],
  outfile: program,
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
});
const { status } = spawnSync(process.execPath, [program], { stdio: "inherit" });
rmSync(program, { force: true });
process.exit(status ?? 1);
