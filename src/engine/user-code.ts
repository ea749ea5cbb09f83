import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type BuildFailure, build } from "esbuild";
import { MillwrightError } from "../errors.ts";
import { type Digest, digestOf } from "../lib/digest.ts";

export interface UserCode {
  /** The default export. */
  readonly value: unknown;
  /** Digest of the bundle: changes when the file or anything it imports changes, not when a comment does. */
  readonly digest: Digest;
  /** What the digest is of. */
  readonly bundle: string;
  readonly source: string;
}

/** The library's own entry beside the running program; what `import … from "millwright"` means in user code. */
const libraryEntry = (): string =>
  ["index.js", "../dist/index.js", "../../dist/index.js"]
    .map((name) => fileURLToPath(new URL(name, import.meta.url)))
    .find(existsSync) ?? "millwright";

/**
 * Bundles a person's TypeScript with esbuild and imports the result. The bundle is kept under its digest in `cacheDir`, which is
 * what a worker on another machine would be sent. Throws `not_found` without the file, `invalid_config` with file, line and
 * column when it does not compile or throws on import.
 */
export async function loadUserCode(file: string, cacheDir: string): Promise<UserCode> {
  if (!existsSync(file))
    throw new MillwrightError(
      "not_found",
      `There is no ${file}. Make one with: millwright init <data file> --target <column>`,
    );
  const text = await bundle(file);
  const digest = digestOf(text);
  const target = keepBundle(cacheDir, digest, text);
  try {
    const module = (await import(pathToFileURL(target).href)) as { default?: unknown };
    return { value: module.default, digest, bundle: text, source: readFileSync(file, "utf8") };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new MillwrightError("invalid_config", `${file} fails when it is loaded: ${message}`, {
      cause,
    });
  }
}

/**
 * Makes a bundle one that can be imported here: `millwright` in it is the program that runs. @returns its path. Several processes do this at
 * once: the file appears complete, and one that is right is left alone.
 */
export function keepBundle(cacheDir: string, digest: Digest, text: string): string {
  const target = join(cacheDir, `${digest.slice(7, 27)}.mjs`);
  const library = JSON.stringify(pathToFileURL(libraryEntry()).href);
  const linked = text.replace(/^(import .*|\} )from "millwright";$/gm, `$1from ${library};`);
  if (existsSync(target) && readFileSync(target, "utf8") === linked) return target;
  mkdirSync(dirname(target), { recursive: true });
  const partial = `${target}.${process.pid}`;
  writeFileSync(partial, linked);
  renameSync(partial, target);
  return target;
}

async function bundle(file: string): Promise<string> {
  const folder = dirname(resolve(file));
  try {
    const result = await build({
      entryPoints: [resolve(file)],
      // esbuild's only comments name the sources, relative to this: so they are the same on every machine.
      absWorkingDir: folder,
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20.19",
      external: ["millwright"],
      packages: "external",
      legalComments: "none",
      minifySyntax: true,
      logLevel: "silent",
    });
    return result.outputFiles[0]?.text ?? "";
  } catch (cause) {
    const error = (cause as BuildFailure).errors?.[0];
    const at = error?.location;
    const where = at ? `${resolve(folder, at.file)}:${at.line}:${at.column + 1}` : file;
    throw new MillwrightError("invalid_config", `${where}: ${error?.text ?? String(cause)}`, {
      cause,
    });
  }
}
