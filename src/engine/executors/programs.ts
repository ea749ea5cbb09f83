import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { delimiter, join, resolve, sep } from "node:path";
import { MillwrightError } from "../../errors.ts";
import type { Program, ProgramContext, Programs } from "../programs.ts";
import { pythonEnvironment } from "./python-environment.ts";
import { runProcess } from "./run-process.ts";

/** `Programs` of this machine. */
export function hostPrograms(places: {
  /** Environments stay, workspaces go. */
  readonly environments: string;
  readonly scratch: string;
}): Programs {
  const environmentOf = ({ folder, requirements, python }: Program, context: ProgramContext) =>
    requirements === undefined
      ? undefined
      : pythonEnvironment({
          ...context,
          ...{ root: places.environments, folder, requirements, python: python ?? "python3" },
          variables: theirs(process.env),
        });
  return {
    async sources({ command, folder, requirements, also }) {
      const hash = createHash("sha256");
      const needed = [...(requirements === undefined ? [] : [requirements]), ...(also ?? [])];
      for (const name of new Set([...command, ...needed])) {
        const content = await contentOf(folder, name);
        if (content === undefined && needed.includes(name))
          throw new MillwrightError(
            "invalid_config",
            `There is no file ${name} in ${folder}, which the command '${command.join(" ")}' needs.`,
          );
        if (content !== undefined) hash.update(`${name}\0${content.length}\0`).update(content);
      }
      return `sha256:${hash.digest("hex")}`;
    },
    async workspace() {
      // By this name it is found, and removed, when this process has died (`storage/columns/duckdb.ts`).
      const path = join(places.scratch, `program-${process.pid}-${randomBytes(8).toString("hex")}`);
      await mkdir(path, { recursive: true });
      return {
        path,
        write: (name, text) => writeFile(join(path, name), text),
        async read(name, most) {
          const at = join(path, name);
          const found = await stat(at).catch(() => undefined);
          if (!found?.isFile()) return undefined;
          if (found.size > most)
            throw new MillwrightError(
              "invalid_model",
              `${name} has ${found.size} bytes; at most ${most} are taken.`,
            );
          return readFile(at);
        },
        discard: () => rm(path, { recursive: true, force: true }),
      };
    },
    async run(program, { variables, timeoutMs, signal, progress }) {
      const environment = await environmentOf(program, { signal, progress });
      const { command, folder } = program;
      const { code, tail } = await runProcess({
        ...{ command, folder, timeoutMs, signal, onLine: progress },
        variables: {
          ...theirs(process.env),
          ...(environment === undefined
            ? {}
            : {
                VIRTUAL_ENV: resolve(environment.bin, ".."),
                PATH: `${environment.bin}${delimiter}${process.env.PATH ?? ""}`,
              }),
          PYTHONUNBUFFERED: "1",
          ...variables,
        },
      });
      if (code === 0) return environment?.about ?? { packages: [] };
      throw new MillwrightError(
        "invalid_model",
        `'${command.join(" ")}' ended with code ${code}. Its last words:\n${tail}`,
      );
    },
  };
}

/** Without what is ours alone: a program of other people needs neither our database nor our keys. */
function theirs(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(MILLWRIGHT_.*|DATABASE_URL|BLOB_URL|STATE_URL|AWS_.*|NODE_OPTIONS)$/;
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !ours.test(name)));
}

/** undefined: no file of that name within the folder. */
async function contentOf(folder: string, name: string): Promise<Buffer | undefined> {
  const path = resolve(folder, name);
  if (!path.startsWith(folder + sep)) return undefined;
  return readFile(path).catch(() => undefined);
}
