import { MillwrightError } from "../../errors.ts";
import { artifactPath, folderOf, nameOf } from "./artifact-path.ts";
import type { Artifacts, OpenArtifact } from "./artifacts.ts";

/** A file that nobody wrote: it is made of something else that is kept. */
export interface MadeFile {
  readonly name: string;
  readonly bytes: number;
  open(): Promise<OpenArtifact>;
}

/** The files of a folder, by name; undefined: nothing is made there. Asked for every path below `root`. */
export type MadeFiles = (folder: string) => Promise<readonly MadeFile[] | undefined>;

/**
 * `below`, with folders of made files under `root/` that can be read and not written. Listing what is above them shows only what
 * was written: whoever has a URI of such a folder finds it.
 */
export function overlaidArtifacts(below: Artifacts, root: string, made: MadeFiles): Artifacts {
  const filesIn = (folder: string): ReturnType<MadeFiles> =>
    folder.startsWith(`${root}/`) ? made(folder) : Promise.resolve(undefined);
  const refuse = async (path: string): Promise<void> => {
    for (let folder = path; folder !== ""; folder = folderOf(folder))
      if (await filesIn(folder))
        throw new MillwrightError(
          "invalid_input",
          `${path}: the files in ${folder} are those of a model version that was made here. They can be read, not changed.`,
        );
  };
  return {
    async write(given, content) {
      await refuse(artifactPath(given));
      return below.write(given, content);
    },
    async open(given) {
      const path = artifactPath(given);
      const files = await filesIn(folderOf(path));
      return files ? files.find(({ name }) => name === nameOf(path))?.open() : below.open(given);
    },
    async list(given, page = {}) {
      const files = await filesIn(artifactPath(given));
      if (!files) return below.list(given, page);
      const { after = "", limit } = page;
      return files
        .map(({ name, bytes }) => ({ name, bytes }))
        .filter(({ name }) => name > after)
        .slice(0, limit);
    },
    async remove(given) {
      await refuse(artifactPath(given));
      return below.remove(given);
    },
    measure: (given) => below.measure(given),
  };
}

/** A made file of bytes that are in memory. */
export const madeOf = (name: string, bytes: Uint8Array): MadeFile => ({
  ...{ name, bytes: bytes.length },
  open: async () => ({
    bytes: bytes.length,
    async *read({ from, to } = { from: 0, to: bytes.length - 1 }) {
      if (to >= from) yield bytes.subarray(from, to + 1);
    },
    close: async () => {},
  }),
});
