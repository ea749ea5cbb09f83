import { expect, test } from "vitest";
import { MillwrightError } from "../errors.ts";
import { memoryPlatform, runPipeline } from "../testing/memory-platform.ts";
import { someVersion } from "../testing/memory-stores.ts";
import { type AdoptInput, adoptVersion } from "./adopt-version.ts";
import type { Platform } from "./platform.ts";

test("an adoption that fails says why to who registered the version", async () => {
  const { platform } = memoryPlatform();
  const tagged: unknown[] = [];
  const failing = {
    ...platform,
    project: () => Promise.reject(new MillwrightError("invalid_config", "models: unreadable.")),
    logged: { tagVersion: async (...said: unknown[]) => void tagged.push(said) },
  } as unknown as Platform;
  const input: AdoptInput = {
    model: "mail",
    registered: { number: 3, source: "models:/m-1" },
    files: { file: "m.onnx", onnx: someVersion("a").onnx, external: {}, wishes: {} },
  };
  await expect(runPipeline(adoptVersion(failing), input)).rejects.toThrow("models: unreadable.");
  const reason = "its adoption failed: models: unreadable.";
  const tags = { "millwright.status": "not servable", "millwright.reason": reason };
  expect(tagged).toEqual([["mail", 3, tags]]);
});
