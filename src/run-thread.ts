/** The entry of threads that run heavy models for a gateway (`runtime/run-threads.ts`). */
import { onnxRuntime } from "./runtime/onnxruntime.ts";
import { serveRuns } from "./runtime/serve-runs.ts";

serveRuns(await onnxRuntime());
