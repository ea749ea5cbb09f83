/** The entry of compute threads: the tasks that burn CPU, by name. Runs in worker threads only. */
import { join } from "node:path";
import { readConfig } from "./config.ts";
import { serveCompute } from "./engine/executors/serve-compute.ts";
