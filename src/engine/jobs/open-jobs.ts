import { stat } from "node:fs/promises";
import { MillwrightError } from "../../errors.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Digest } from "../../lib/digest.ts";
import type { Log } from "../../lib/log.ts";
import type { Blobs } from "../../storage/blobs/blobs.ts";
import type { Sql } from "../../storage/sql/sql.ts";
import type { Jobs } from "../jobs.ts";
import type { Place, PlaceOptions } from "../remote/place.ts";
import { prepareJob, runJob } from "./run-job.ts";
import { type JobStore, jobStore } from "./store.ts";
import { sweepJobs } from "./sweep-jobs.ts";

/** What a program may leave, and what its runner says of it. */
export const RESULT_NAMES = ["model.onnx", "metrics.json", "about.json"] as const;

/** The store of its own that their files are in: `blobs.beside(…)`. */
export const JOB_BLOBS = "jobs";

export interface JobsDeps {
  readonly store: JobStore;
  readonly clock: Clock;
  readonly log: Log;
  placeOf(options: PlaceOptions): Place;
  /** Where control answers to jobs. Throws when it does not. */
  reach(): Promise<string>;
  local(digest: Digest): Promise<string>;
  readonly keep: Jobs["keep"];
  readonly resultNames: readonly string[];
}

const SWEEP_MS = 2000;

/** `Jobs`, and the sweep that ends what nobody needs any more: for a process that executes runs. */
export function openJobs(parts: {
  readonly sql: Sql;
  /** Beside those of versions: they go when their run is over. */
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly log: Log;
  readonly placeOf: JobsDeps["placeOf"];
  readonly reach: JobsDeps["reach"];
}): Jobs & { sweepRegularly(): { stop(): Promise<void> } } {
  const { blobs, clock, log, placeOf, reach } = parts;
  const keep: Jobs["keep"] = async (content) => {
    if (typeof content === "string") {
      const bytes = new TextEncoder().encode(content);
      return { digest: await blobs.put(bytes), bytes: bytes.length };
    }
    const { size } = await stat(content.path);
    return { digest: await blobs.putFile(content.path), bytes: size };
  };
  const store = jobStore(parts.sql);
  const deps: JobsDeps = {
    ...{ store, clock, log, placeOf, reach, keep, resultNames: RESULT_NAMES },
    local: (digest) => blobs.localPath(digest),
  };
  return {
    keep,
    prepare: (request) => prepareJob(deps, request),
    run: (prepared, step) => runJob(deps, prepared, step),
    async read({ results }, name, most) {
      const file = results[name];
      if (file === undefined) return undefined;
      if (file.bytes > most)
        throw new MillwrightError(
          "invalid_model",
          `${name} has ${file.bytes} bytes; at most ${most} are taken.`,
        );
      return blobs.get(file.digest);
    },
    sweepRegularly() {
      const sweep = sweepJobs({ ...deps, blobs });
      let turn: Promise<void> | undefined;
      const timer = setInterval(() => {
        turn ??= sweep()
          .catch((error: Error) => log.warn(`jobs elsewhere: ${error.message}`))
          .finally(() => {
            turn = undefined;
          });
      }, SWEEP_MS);
      timer.unref();
      return {
        async stop() {
          clearInterval(timer);
          await turn;
        },
      };
    },
  };
}
