import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The Python of an environment that has the packages of these lists; made when it is not there yet. Needs python3 with venv.
 * `over`: the Python of another environment, whose packages are there too where the lists do not say otherwise. A list that begins
 * with "# --no-deps" is installed without what its packages ask for.
 */
export function python(lists, over) {
  const packages = lists.map((list) => readFileSync(list, "utf8")).join("");
  const version = run("python3", ["--version"]).stdout.trim();
  const key = createHash("sha256")
    .update(`${version}\n${over ?? ""}\n${packages}`)
    .digest("hex")
    .slice(0, 12);
  const folder = join(tmpdir(), `millwright-conformance-${key}`);
  const program = join(folder, "bin", "python");
  const complete = join(folder, "complete");
  if (existsSync(complete)) return program;
  rmSync(folder, { recursive: true, force: true });
  run("python3", ["-m", "venv", folder]);
  if (over !== undefined)
    writeFileSync(join(packagesOf(program), "over.pth"), `${packagesOf(over)}\n`);
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];
  for (const list of lists) {
    const alone = readFileSync(list, "utf8").startsWith("# --no-deps") ? ["--no-deps"] : [];
    run(program, ["-m", "pip", "install", ...quiet, ...alone, "-r", list]);
  }
  writeFileSync(complete, "");
  return program;
}

const packagesOf = (program) =>
  run(program, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).stdout.trim();

function run(program, args) {
  const done = spawnSync(program, args, { encoding: "utf8" });
  if (done.status === 0) return done;
  const why = done.error?.message ?? `${done.stdout}${done.stderr}`;
  throw new Error(`${program} ${args.join(" ")} failed: ${why.slice(-2000)}`);
}
