import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { MillwrightError } from "../../errors.ts";
import { fillFrom, isAbsent, keepFile } from "../keep-file.ts";
import type { Artifacts } from "./artifacts.ts";
import type { UploadedPart, Uploads } from "./uploads.ts";

interface About {
  readonly path: string;
  readonly parts: number;
  /** It has become a file. */
  readonly done?: boolean;
}

/** Parts as files `<folder>/<id>/<part>.<digest>`, beside `about.json`. */
export function uploadsTo(artifacts: Artifacts, folder: string): Uploads {
  const finishing = new Map<string, Promise<void>>();

  const within = (id: string): string => {
    if (!/^[0-9a-f]{32}$/.test(id)) throw noUpload(id);
    return join(folder, id);
  };

  const aboutOf = async (id: string): Promise<About> => {
    try {
      return JSON.parse(await readFile(join(within(id), "about.json"), "utf8")) as About;
    } catch (error) {
      throw isAbsent(error) ? noUpload(id) : error;
    }
  };

  const note = (id: string, about: About): Promise<void> =>
    keepFile(
      join(within(id), "halves"),
      (file) => file.writeFile(JSON.stringify(about)),
      () => join(within(id), "about.json"),
    );

  const unite = async (id: string, path: string, given: readonly UploadedPart[]): Promise<void> => {
    const about = await aboutOf(id);
    if (about.path !== path)
      throw invalid(`Upload ${id} was begun for '${about.path}', not for '${path}'.`);
    if (about.done) return;
    const files = new Set(await readdir(within(id)));
    const names = given.map(({ part, digest }, i) => {
      if (part !== i + 1 || given.length !== about.parts)
        throw invalid(
          `parts: should be all of 1 to ${about.parts}, each once and in order; there are ${given.length}, and number ${i + 1} of them is part ${part}.`,
        );
      const name = `${part}.${digest}`;
      if (!files.has(name))
        throw invalid(
          `parts: part ${part} has not come with the ETag "${digest.slice(0, 80)}". Send it again.`,
        );
      return name;
    });
    await artifacts.write(path, contentOf(names.map((name) => join(within(id), name))));
    await note(id, { ...about, done: true });
    for (const name of files) if (/^\d+\./.test(name)) await rm(join(within(id), name));
  };

  return {
    async begin(path, parts) {
      const id = randomBytes(16).toString("hex");
      await note(id, { path, parts });
      return id;
    },

    async keep(id, part, content) {
      const { parts, done } = await aboutOf(id);
      if (done) throw noUpload(id);
      if (!Number.isInteger(part) || part < 1 || part > parts)
        throw invalid(`Upload ${id} has parts 1 to ${parts}; there is no part ${part}.`);
      return keepFile(
        join(within(id), "halves"),
        async (file) => {
          const hash = createHash("sha256");
          await fillFrom(file, content, (chunk) => hash.update(chunk));
          return hash.digest("hex");
        },
        (digest) => join(within(id), `${part}.${digest}`),
      );
    },

    async finish(id, path, parts) {
      // Who asks again because the first answer took too long waits for the same one.
      const turn = finishing.get(id) ?? unite(id, path, parts).finally(() => finishing.delete(id));
      finishing.set(id, turn);
      await turn;
    },

    async abort(id) {
      await finishing.get(id)?.catch(() => {});
      await rm(within(id), { recursive: true, force: true });
    },

    async sweep(before) {
      let swept = 0;
      for (const id of await readdir(folder).catch(() => [])) {
        const at = join(folder, id);
        const about = await stat(at).catch(() => undefined);
        if (about === undefined || about.mtimeMs >= before || finishing.has(id)) continue;
        await rm(at, { recursive: true, force: true });
        swept += 1;
      }
      return swept;
    },
  };
}

async function* contentOf(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files)
    yield* createReadStream(file, { highWaterMark: 2 ** 18 }) as AsyncIterable<Buffer>;
}

const noUpload = (id: string): MillwrightError =>
  new MillwrightError(
    "not_found",
    `There is no upload ${id.slice(0, 80)}: it was completed, aborted, or given up after a week. Begin again.`,
  );

const invalid = (message: string): MillwrightError => new MillwrightError("invalid_input", message);
