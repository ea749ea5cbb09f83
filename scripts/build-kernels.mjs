/**
 * Compiles src/training/kernels/*.as.ts with AssemblyScript and writes *.gen.ts holding the module as base64; folders beside them hold
 * what they import. Skips what is newer than every source.
 */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import asc from "assemblyscript/asc";

const dir = "src/training/kernels";

export async function buildKernels() {
  if (!existsSync(dir)) return;
  const sources = readdirSync(dir, { recursive: true }).filter((f) => f.endsWith(".as.ts"));
  const changed = Math.max(...sources.map((f) => statSync(join(dir, f)).mtimeMs));
  for (const file of sources.filter((f) => dirname(f) === ".")) {
    const source = join(dir, file);
    const target = join(dir, file.replace(/\.as\.ts$/, ".gen.ts"));
    if (existsSync(target) && statSync(target).mtimeMs >= changed) continue;
    const out = mkdtempSync(join(tmpdir(), "kernels-"));
    const wasm = join(out, "k.wasm");
    const flags =
      "-O3 --noAssert --runtime stub --enable simd --enable bulk-memory --enable threads --importMemory --sharedMemory --maximumMemory 65536";
    const { error, stderr } = await asc.main([source, "--outFile", wasm, ...flags.split(" ")]);
    if (error) throw new Error(`${source}: ${error.message}\n${stderr.toString()}`);
    const base64 = readFileSync(wasm).toString("base64");
    writeFileSync(
      target,
      `/** Built from ${file} by scripts/build-kernels.mjs. */\nexport const wasm =\n  "${base64}";\n`,
    );
    rmSync(out, { recursive: true, force: true });
  }
}

if (import.meta.url === `file://${process.argv[1]}`) await buildKernels();
