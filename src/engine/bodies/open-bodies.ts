import { existsSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { MillwrightError } from "../../errors.ts";
import type { Digest } from "../../lib/digest.ts";
import type { Json } from "../../lib/json.ts";
import type { Log } from "../../lib/log.ts";
import type { Blobs } from "../../storage/blobs/blobs.ts";
import type { Bodies } from "../bodies.ts";
import type { StepResults } from "../step-results.ts";
import { keepBundle } from "../user-code.ts";
import { bodyRun } from "./body-run.ts";
import { type BodyThread, bodyThread } from "./body-thread.ts";

/** A body that only waits keeps its thread so long: most waits are short. */
const REST_MS = 30_000;

export function openBodies(parts: {
  readonly blobs: Pick<Blobs, "localPath">;
  readonly results: StepResults;
  /** Bundles are unpacked in it, as those of the project are. */
  readonly folder: string;
  /** Among what a kept result depends on. */
  readonly environment: Json;
  readonly log: Log;
  readonly restMs?: number;
}): Bodies {
  const { blobs, folder, restMs = REST_MS } = parts;
  const heapMb = Math.round(Math.min(4096, Math.max(256, totalmem() / 2 ** 22)));
  const threads = new Set<BodyThread>();

  const fetchCode = async (code: Digest): Promise<string> =>
    keepBundle(folder, code, readFileSync(await blobs.localPath(code), "utf8"));

  return {
    async run(request) {
      const start = {
        ...{ pipeline: request.pipeline, about: request.about },
        file: await fetchCode(request.code),
      };
      const run = bodyRun({
        ...{ ...parts, request, restMs },
        open(events) {
          const thread = bodyThread({ ...{ entry: bodyEntry(), start, heapMb }, ...events });
          threads.add(thread);
          void thread.over.then(() => threads.delete(thread));
          return thread;
        },
      });
      return run.outcome.finally(() => run.end());
    },
    async close() {
      await Promise.all([...threads].map((thread) => thread.end()));
    },
  };
}

/** Beside the running program; from the sources (tests), what the build last made. */
function bodyEntry(): URL {
  const found = ["./", "../", "../../", "../../../dist/", "../../dist/", "../dist/"]
    .map((place) => new URL(`${place}pipeline-thread.js`, import.meta.url))
    .find((url) => existsSync(fileURLToPath(url)));
  if (found) return found;
  throw new MillwrightError(
    "internal",
    "dist/pipeline-thread.js is missing. Build it with: npm run build",
  );
}
