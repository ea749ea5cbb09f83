/**
 * Drivers of object storage against servers of other people, unmodified: moto (S3) from PyPI, in an environment that is made once per
 * list of versions. Needs python3 with venv. The tests start and stop the servers. Ends with the test runner's line.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { python } from "./python.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const MOTO_SERVER = join(dirname(python([join(here, "storage", "requirements.txt")])), "moto_server");
const done = spawnSync("npx", ["vitest", "run", "--config", "vitest.storage.config.ts", ...process.argv.slice(2)], {
  stdio: "inherit",
  env: { ...process.env, MOTO_SERVER },
});
process.exit(done.status ?? 1);
