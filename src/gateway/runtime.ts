import { existsSync } from "node:fs";
import { onnxRuntime } from "../runtime/onnxruntime.ts";
import { placed } from "../runtime/placed.ts";
import { runThreads } from "../runtime/run-threads.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * The runtime of a gateway: heavy models run in threads.
 * @param cores of the machine; one is left to the event loop, and at least one thread is there for the models.
 */
export async function gatewayRuntime(cores: number): Promise<Runtime> {
  const runtime = await onnxRuntime();
  const entry = threadEntry();
  if (entry === undefined) return runtime;
  return placed(runtime, runThreads(entry, Math.max(1, cores - 1)));
}

/** Beside the bundle; undefined where only the sources are, as in tests. */
const threadEntry = (): URL | undefined =>
  ["./run-thread.js", "../run-thread.js", "../../dist/run-thread.js"]
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
