import type { ModelFiles } from "./fetch-logged-model.ts";
import type { Platform } from "./platform.ts";

/** The bytes of a model's files, as `importOnnx` takes them. */
export async function readModelFiles(
  { blobs }: Pick<Platform, "blobs">,
  { onnx, external }: Pick<ModelFiles, "onnx" | "external">,
): Promise<{ readonly bytes: Uint8Array; readonly external: ReadonlyMap<string, Uint8Array> }> {
  const beside = new Map<string, Uint8Array>();
  for (const [location, digest] of Object.entries(external))
    beside.set(location, await blobs.get(digest));
  return { bytes: await blobs.get(onnx), external: beside };
}
