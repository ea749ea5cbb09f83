/** `npm run check`: format and lint, types, a compile without host types, the architecture, dead code. All run; the first failure sets the exit code. */
import { spawn } from "node:child_process";
import { buildKernels } from "./build-kernels.mjs";

await buildKernels();
const bin = (name) => `node_modules/.bin/${name}`;
const checks = [
  ["format and lint", bin("biome"), ["check", "--error-on-warnings", "."]],
  ["types", bin("tsc"), ["-p", "tsconfig.json"]],
  ["types without host", bin("tsc"), ["-p", "tsconfig.portable.json"]],
  ["types of the console", bin("tsc"), ["-p", "web/tsconfig.json"]],
  ["types of the browser tests", bin("tsc"), ["-p", "test/browser/tsconfig.json"]],
  ["architecture", process.execPath, ["scripts/check-architecture.mjs"]],
  ["dead code", bin("knip"), ["--no-progress"]],
];
let failed = 0;
for (const [name, command, args] of checks) {
  const started = performance.now();
  const code = await new Promise((resolve) =>
    spawn(command, args, { stdio: "inherit" })
      .on("exit", resolve)
      .on("error", () => resolve(1)),
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
  if (code !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
