import { MillwrightError } from "../../errors.ts";
import { joinPath } from "../../storage/artifacts/artifact-path.ts";
import { type LocateDeps, locateArtifacts } from "./locate-artifacts.ts";

/**
 * A file that a client logged, whole: `path` below an artifact URI. undefined: there is none. Throws `invalid_model` when it is
 * larger than `most` bytes, and in words where this server does not look.
 */
export async function readArtifact(
  deps: LocateDeps,
  input: { readonly uri: string; readonly path: string; readonly most: number },
): Promise<Uint8Array | undefined> {
  const { uri, path, most } = input;
  const located = await locateArtifacts(deps, uri);
  const file = await located.artifacts.open(joinPath(located.path, path));
  if (file === undefined) return undefined;
  if (file.bytes > most) {
    await file.close();
    throw new MillwrightError(
      "invalid_model",
      `The file ${path} has ${file.bytes} bytes; at most ${most} are read.`,
    );
  }
  const bytes = new Uint8Array(file.bytes);
  let at = 0;
  for await (const chunk of file.read()) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
