import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");

/** Programs of this folder, bundled and started; `stop` ends all of them, the last one first. */
export function processes() {
  // Inside the repository, where the bundles find its packages.
  const folder = join(root, `node_modules/.cache/millwright/conformance-${process.pid}`);
  const children = [];
  return {
    /** The path of the program that `name`.ts is bundled into. */
    async bundle(name) {
      const program = join(folder, `${name}.mjs`);
      cpSync(join(root, "src/storage/migrations"), join(folder, "migrations"), { recursive: true });
      await build({
        entryPoints: [join(here, `${name}.ts`)],
        outfile: program,
        ...{ bundle: true, platform: "node", format: "esm", packages: "external" },
        logLevel: "error",
      });
      return program;
    },
    /** Resolves with the first line that the process prints, parsed. */
    async start(command, args, env = {}) {
      const child = spawn(command, args, {
        env: Object.fromEntries(
          Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== undefined),
        ),
        stdio: ["pipe", "pipe", "inherit"],
      });
      children.push(child);
      const lines = createInterface(child.stdout);
      const first = await Promise.race([once(lines, "line"), once(child, "exit").then(() => [])]);
      if (first[0] === undefined) throw new Error(`${args[0]} did not start`);
      return JSON.parse(first[0]);
    },
    async stop() {
      for (const child of children.toReversed()) {
        child.kill("SIGTERM");
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
