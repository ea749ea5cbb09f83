import { lstatSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { MillwrightError } from "../errors.ts";
import { externalFiles } from "../onnx/external-data.ts";
import { readModel } from "../onnx/model-file.ts";

/** An ONNX file as it lies on disk, with the files beside it that hold its weights. */
export interface ModelOnDisk {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly external: ReadonlyMap<string, Uint8Array>;
}

/** With everything it refers to: more than a model may be, and than is read into memory. */
const MAX_BYTES = 1024 ** 3;

/**
 * Reads a model file. Files with its weights are read only from its own folder: names that lead out are refused, links that do
 * as well. Throws `not_found`, and `invalid_model` naming the file.
 */
export function readModelFile(path: string): ModelOnDisk {
  const place = resolve(path);
  const bytes = read(place, `the model file ${path}`, 0);
  const folder = realpathSync(dirname(place));
  const external = new Map<string, Uint8Array>();
  let size = bytes.length;
  for (const location of externalFiles(readModel(bytes))) {
    const beside = join(folder, location);
    if (!exists(beside))
      throw new MillwrightError(
        "invalid_model",
        `The model keeps weights in ${location}, which is not in ${folder}. Put both into one folder and import again.`,
      );
    const real = realpathSync(beside);
    if (!real.startsWith(folder.endsWith(sep) ? folder : folder + sep))
      throw new MillwrightError(
        "invalid_model",
        `The model keeps weights in ${location}, a link that leads out of ${folder}. Put a copy of the file there.`,
      );
    const data = read(real, location, size);
    size += data.length;
    external.set(location, data);
  }
  return { file: basename(place), bytes, external };
}

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function read(path: string, what: string, before: number): Uint8Array {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile())
    throw new MillwrightError("not_found", `There is no file ${path} (${what}).`);
  if (before + found.size > MAX_BYTES)
    throw new MillwrightError(
      "invalid_model",
      `With ${what} the model is larger than 1 GiB, which is the most that is imported.`,
    );
  return new Uint8Array(readFileSync(path));
}
