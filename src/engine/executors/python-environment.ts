import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MillwrightError } from "../../errors.ts";
import type { ProgramAbout, ProgramContext } from "../programs.ts";
import { runProcess } from "./run-process.ts";

const INSTALL_MS = 30 * 60_000;
/** What a process left that died while it made one. */
const STALE_MS = 24 * 3_600_000;
const ABOUT = "about.json";
const LIST_PACKAGES =
  "import json, importlib.metadata as m; print(json.dumps(sorted({d.metadata['Name'] + '==' + d.version for d in m.distributions()})))";

export interface PythonEnvironment {
  /** Holds `python` and what the packages brought. */
  readonly bin: string;
  readonly about: ProgramAbout;
}

/**
 * The virtual environment of a list of packages, made once for its content and interpreter. It is made under a name of its own (an
 * environment cannot be moved) and then linked to, so it is there wholly or not at all; two that make it at once both succeed.
 */
export async function pythonEnvironment(
  request: ProgramContext & {
    /** All environments are in it. */
    readonly root: string;
    readonly python: string;
    /** Relative to the folder. */
    readonly requirements: string;
    readonly folder: string;
    /** What pip, and what packages run to be built, may see. */
    readonly variables: NodeJS.ProcessEnv;
  },
): Promise<PythonEnvironment> {
  const { root, python, requirements, folder, variables, signal, progress } = request;
  /** The last line it writes. */
  const call = async (command: readonly string[], failed: string): Promise<string> => {
    const { code, tail } = await runProcess({
      ...{ command, folder, signal, timeoutMs: INSTALL_MS, onLine: progress },
      variables: { ...variables, PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_NO_INPUT: "1" },
    });
    if (code === 0) return tail.split("\n").at(-1)!;
    throw new MillwrightError("invalid_config", `${failed}\n${tail}`);
  };
  const list = await readFile(join(folder, requirements), "utf8");
  const interpreter = await call(
    [python, "--version"],
    `'${python}' does not run. Install Python 3 with venv, or name another interpreter (python).`,
  );
  const key = createHash("sha256").update(`${python}\n${interpreter}\n${list}`).digest("hex");
  const link = join(root, key.slice(0, 20));
  const known = await readFile(join(link, ABOUT), "utf8").catch(() => undefined);
  if (known !== undefined) return { bin: join(link, "bin"), about: JSON.parse(known) };

  await mkdir(root, { recursive: true });
  await sweep(root);
  const home = join(root, `made-${randomBytes(6).toString("hex")}`);
  try {
    progress(`making the environment of ${requirements}`);
    await call([python, "-m", "venv", home], `'${python} -m venv' failed.`);
    const inside = join(home, "bin", "python");
    const install = [inside, "-m", "pip", "install", "--quiet", "-r", requirements];
    await call(install, `pip cannot install ${requirements}.`);
    const packages = await call([inside, "-c", LIST_PACKAGES], "The packages cannot be listed.");
    const about: ProgramAbout = { interpreter, packages: JSON.parse(packages) };
    await writeFile(join(home, ABOUT), JSON.stringify(about));
    await symlink(home, `${home}.link`);
    await rename(`${home}.link`, link);
    return { bin: join(link, "bin"), about };
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

/** Removes what was begun long ago and never linked to. */
async function sweep(root: string): Promise<void> {
  const names = await readdir(root, { withFileTypes: true });
  const linked = new Set<string>();
  for (const entry of names)
    if (entry.isSymbolicLink()) {
      const { ino } = await stat(join(root, entry.name)).catch(() => ({ ino: 0 }));
      linked.add(String(ino));
    }
  for (const entry of names) {
    if (!entry.isDirectory()) continue;
    const path = join(root, entry.name);
    const { ino, mtimeMs } = await stat(path);
    if (!linked.has(String(ino)) && mtimeMs < Date.now() - STALE_MS)
      await rm(path, { recursive: true, force: true });
  }
}
