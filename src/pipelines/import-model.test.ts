import { describe, expect, test } from "vitest";
import { digestOf } from "../lib/digest.ts";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { memoryPlatform } from "../testing/memory-platform.ts";
import { onnxModel } from "../testing/onnx-models.ts";
import { importModel } from "./import-model.ts";
import type { Platform } from "./platform.ts";

async function platformWithBlobs() {
  const { platform, stores } = memoryPlatform();
  const blobs = new Map<string, Uint8Array>();
  const parts = {
    ...platform,
    runtime: await onnxRuntime(),
    environment: { node: "20", millwright: "0", runtime: "test" },
    blobs: {
      async put(bytes: Uint8Array) {
        blobs.set(digestOf(bytes), bytes);
        return digestOf(bytes);
      },
    },
  } as unknown as Platform;
  return { platform: parts, stores, blobs };
}

const iris = {
  ...{ model: "iris", file: "logreg_iris.onnx", options: { columns: ["length", "width"] } },
  promote: "first" as const,
};

describe("an imported file", () => {
  test("is a version that says where it came from, and champion where there is none", async () => {
    const { platform, stores, blobs } = await platformWithBlobs();
    const bytes = onnxModel(iris.file);
    const { version, promoted } = await importModel(platform, { ...iris, bytes });
    expect(promoted).toBe(true);
    expect(version).toMatchObject({
      ...{ number: 1, trainer: "imported", params: { columns: ["length", "width"] } },
      origin: {
        file: "logreg_iris.onnx",
        sha256: digestOf(bytes),
        producer: "OnnxMLTools 1.2.0.0116",
      },
      signature: { task: "multiclass", columns: [{ name: "length" }, { name: "width" }] },
    });
    expect(version.dataset ?? version.report ?? version.runId).toBeUndefined();
    expect(blobs.has(version.onnx)).toBe(true);
    expect(stores.state.moves).toMatchObject([{ reason: "imported, not judged" }]);
    expect(stores.state.routes).toMatchObject([{ model: "iris", fields: {} }]);
  });

  test("is the same version when it comes again", async () => {
    const { platform, stores } = await platformWithBlobs();
    const bytes = onnxModel(iris.file);
    const once = await importModel(platform, { ...iris, bytes });
    const again = await importModel(platform, { ...iris, bytes });
    expect(again.version.id).toBe(once.version.id);
    expect(again.promoted).toBe(true);
    expect(stores.state.moves).toHaveLength(1);
  });

  test("replaces a champion only for a stated reason", async () => {
    const { platform, stores } = await platformWithBlobs();
    const first = await importModel(platform, { ...iris, bytes: onnxModel(iris.file) });
    const other = { ...iris, bytes: onnxModel("sklearn_randomforest_zipmap.onnx"), options: {} };
    const kept = await importModel(platform, other);
    expect(kept).toMatchObject({ promoted: false, previous: 1, version: { number: 2 } });
    const never = await importModel(platform, { ...other, promote: "never" });
    expect(never.promoted).toBe(false);
    const stated = await importModel(platform, { ...other, promote: "always", reason: "a forest" });
    expect(stated.promoted).toBe(true);
    expect(stores.state.moves.at(-1)).toMatchObject({
      ...{ previous: first.version.id, reason: "a forest (imported, not judged)" },
    });
  });

  test("does not take the place of a first champion that came meanwhile", async () => {
    const { platform, stores } = await platformWithBlobs();
    const { registry } = stores;
    const first = await importModel(platform, { ...iris, bytes: onnxModel(iris.file) });
    const other = { ...iris, bytes: onnxModel("sklearn_randomforest_zipmap.onnx"), options: {} };
    // As it looked before the first was promoted.
    const early = { ...platform, registry: { ...registry, alias: async () => undefined } };
    const late = await importModel(early, other);
    expect(late).toMatchObject({ promoted: false, previous: 1, version: { number: 2 } });
    expect(await registry.alias("iris", "champion")).toBe(first.version.id);
  });

  test("is refused before anything is kept", async () => {
    const { platform, stores, blobs } = await platformWithBlobs();
    const bytes = onnxModel("NEG_superres_needs_custom_ops.onnx");
    await expect(importModel(platform, { ...iris, bytes })).rejects.toThrow(/custom operator/);
    const name = importModel(platform, { ...iris, model: "../x", bytes: onnxModel(iris.file) });
    await expect(name).rejects.toThrow(/no name for a model/);
    expect(blobs.size + stores.state.versions.length).toBe(0);
  });
});
