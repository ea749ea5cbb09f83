import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import { utf8Text } from "../lib/utf8.ts";
import { externalFiles } from "../onnx/external-data.ts";
import { readModel } from "../onnx/model-file.ts";
import { howToOnnx } from "../tracking/mlflow/how-to-onnx.ts";
import { type MlModelWishes, readMlModel } from "../tracking/mlflow/mlmodel.ts";
import type { Platform } from "./platform.ts";

/** An ONNX file with what its author says of it; files as blobs, so that a step can hand it on. */
export interface ModelFiles {
  /** Without its folder. */
  readonly file: string;
  readonly onnx: Digest;
  /** Files in which weights lie, by the location that the model says. */
  readonly external: Readonly<Record<string, Digest>>;
  /** Names of the input columns, in their order, where the author's tool wrote them down. */
  readonly columns?: readonly string[] | undefined;
  readonly wishes: MlModelWishes;
}

/** With everything it refers to; what is imported from a disk may be no larger. */
const MAX_BYTES = 1024 ** 3;
const MAX_TEXT_BYTES = 4 * 1024 ** 2;

/**
 * Reads what a client logged, as far as it can be served: `MLmodel`, its ONNX file and the files beside it. Nothing else is
 * opened; a pickle never. Throws `invalid_model` and `not_found` with the reason why it cannot be served, in words for its author.
 */
export async function fetchLoggedModel(
  deps: Pick<Platform, "blobs" | "logged">,
  { source }: { readonly source: string },
): Promise<ModelFiles> {
  const { blobs, logged } = deps;
  const head = await logged.readFile(source, "MLmodel", MAX_TEXT_BYTES);
  if (head === undefined)
    throw new MillwrightError(
      "not_found",
      `There is no file MLmodel at ${source}: no model was logged there, or it was deleted.`,
    );
  const said = readMlModel(utf8Text(head));
  if (said.onnx === undefined)
    throw new MillwrightError("invalid_model", howToOnnx(said.flavors), {
      details: { flavors: said.flavors },
    });
  const path = inside(said.onnx);
  const file = path.split("/").at(-1)!;
  let left = MAX_BYTES;
  const read = async (name: string): Promise<Uint8Array> => {
    const bytes = await logged.readFile(source, name, left);
    if (bytes === undefined)
      throw new MillwrightError(
        "invalid_model",
        `The model needs the file ${name}, which was not logged with it. Log the model again.`,
      );
    left -= bytes.length;
    return bytes;
  };
  const bytes = await read(path);
  const folder = path.slice(0, -file.length);
  const external: Record<string, Digest> = {};
  for (const location of externalFiles(readModel(bytes)))
    external[location] = await blobs.put(await read(folder + location));
  const { columns, wishes } = said;
  return { file, onnx: await blobs.put(bytes), external, columns, wishes };
}

function inside(path: string): string {
  const parts = path.split("/");
  const safe = parts.every((part) => part !== "" && part !== "." && part !== "..");
  if (safe && !/[\\\0:]/.test(path)) return path;
  throw new MillwrightError(
    "invalid_model",
    `MLmodel names the ONNX file ${JSON.stringify(path.slice(0, 200))}: it must lie below the model's own folder.`,
  );
}
