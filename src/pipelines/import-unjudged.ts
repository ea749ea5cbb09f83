import type { Digest } from "../lib/digest.ts";
import type { ModelFiles } from "./fetch-logged-model.ts";
import { importModel } from "./import-model.ts";
import { importWishes } from "./import-wishes.ts";
import { readModelFiles } from "./read-model-files.ts";
import type { Registered } from "./register-imported.ts";

/** Imports what lies in blobs, named as its author says. Throws as `importModel` does. */
export async function importUnjudged(
  deps: Parameters<typeof importModel>[0],
  input: {
    readonly model: string;
    readonly files: ModelFiles;
    readonly registered: Registered | undefined;
    readonly promote: "first" | "never";
    readonly runId: string;
  },
): Promise<{ readonly id: Digest; readonly number: number; readonly promoted: boolean }> {
  const { files, ...rest } = input;
  const { bytes, external } = await readModelFiles(deps, files);
  const { options, notes } = importWishes(bytes, { ...files, external });
  const { version, promoted } = await importModel(deps, {
    ...{ ...rest, file: files.file, bytes, notes, options: { ...options, external } },
  });
  return { id: version.id, number: version.number, promoted };
}
