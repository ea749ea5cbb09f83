/** Builds kernels (AssemblyScript → inlined WASM), the program (esbuild) and the console (Vite) into dist/. */
import { cpSync, existsSync, rmSync } from "node:fs";
import { build } from "esbuild";
import { buildKernels } from "./build-kernels.mjs";
import { buildWeb } from "./build-web.mjs";

const entry = (name) => (existsSync(`src/${name}.ts`) ? [`src/${name}.ts`] : []);

await buildKernels();
rmSync("dist/chunks", { recursive: true, force: true });
await build({
  entryPoints: [
    ...entry("main"),
    ...entry("compute"),
    ...entry("run-thread"),
    ...entry("pipeline-thread"),
    ...entry("index"),
  ],
  outdir: "dist",
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  alias: { "@millwright/sdk": "./sdk/src/index.ts" },
  sourcemap: true,
  logLevel: "warning",
  banner: { js: "" },
});
// Read at run time (src/storage/migrate.ts), so that sources and builds use the same files.
rmSync("dist/migrations", { recursive: true, force: true });
cpSync("src/storage/migrations", "dist/migrations", { recursive: true });
// Sent to other machines by control (src/engine/jobs/bootstrap.ts).
cpSync("src/engine/jobs/run_job.py", "dist/job/run_job.py");
await buildWeb();
