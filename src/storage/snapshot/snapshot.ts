import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { makeDirectory, syncDirectory } from "../journal/segments.ts";

/** One JSON value in one file, replaced as a whole: after a crash it is the old value or the new one. Processes may share it. */
export interface Snapshot<T> {
  /** undefined when there is none yet, or what is there is no JSON. */
  read(): Promise<T | undefined>;
  /** Writes happen one after the other, in the order of the calls. */
  write(value: T): Promise<void>;
}

export function snapshot<T>(path: string): Snapshot<T> {
  let last: Promise<void> = Promise.resolve();
  const replace = async (value: T): Promise<void> => {
    await makeDirectory(dirname(path));
    const draft = `${path}.${process.pid}.draft`;
    const file = await open(draft, "w");
    try {
      await file.writeFile(JSON.stringify(value));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncDirectory(dirname(path));
  };
  return {
    async read() {
      try {
        return JSON.parse(await readFile(path, "utf8")) as T;
      } catch (error) {
        const absent = (error as NodeJS.ErrnoException).code === "ENOENT";
        if (absent || error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    write(value) {
      const next = last.then(() => replace(value));
      last = next.catch(() => undefined);
      return next;
    },
  };
}
