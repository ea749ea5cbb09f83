/**
 * Drivers of object storage and of online state against servers of other people, unmodified: moto (S3) from PyPI, in an environment
 * that is made once per list of versions, and Redis (REDIS_SERVER names another, such as valkey-server). Needs python3 with venv, a
 * redis-server and openssl. The tests start and stop the servers. Ends with the test runner's line.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { python } from "./python.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const REDIS_SERVER = process.env.REDIS_SERVER ?? "redis-server";
for (const [program, install] of [
  [REDIS_SERVER, "apt-get install redis-server, or name another with REDIS_SERVER"],
  ["openssl", "apt-get install openssl"],
])
  if (spawnSync(program, ["--version"]).error) {
    console.error(`${program} cannot be run, and the drivers cannot be tested without it: ${install}.`);
    process.exit(1);
  }
const MOTO_SERVER = join(dirname(python([join(here, "storage", "requirements.txt")])), "moto_server");
const done = spawnSync("npx", ["vitest", "run", "--config", "vitest.storage.config.ts", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, MOTO_SERVER, REDIS_SERVER },
});
process.exit(done.status ?? 1);
