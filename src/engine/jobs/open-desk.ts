import { timingSafeEqual } from "node:crypto";
import { createReadStream } from "node:fs";
import { MillwrightError } from "../../errors.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Blobs } from "../../storage/blobs/blobs.ts";
import type { Sql } from "../../storage/sql/sql.ts";
import type { JobDesk } from "../jobs.ts";
import { runnerSource } from "./bootstrap.ts";
import { RESULT_NAMES } from "./open-jobs.ts";
import { tokenHash } from "./run-job.ts";
import { type JobRow, jobStore } from "./store.ts";

/** As of a model that a program leaves. */
const MOST_BYTES = 2 ** 30;

export function openDesk(deps: {
  readonly sql: Sql;
  readonly blobs: Blobs;
  readonly clock: Clock;
}): JobDesk {
  const { blobs, clock } = deps;
  const store = jobStore(deps.sql);
  const admitted = async (id: string, token: string): Promise<JobRow> => {
    const job = await store.get(id);
    const given = Buffer.from(tokenHash(token));
    const good = (job?.tokenHashes ?? []).some((hash) => timingSafeEqual(Buffer.from(hash), given));
    // The same words whether there is such a job or not.
    if (job === undefined || !good)
      throw new MillwrightError("unauthorized", "This is not a token of that job.");
    if (job.outcome !== undefined) throw over(job.id);
    if (job.tokenUntil !== undefined && clock.now() > job.tokenUntil)
      throw new MillwrightError("unauthorized", `The token of job ${job.id} has expired.`);
    return job;
  };
  return {
    work: async (id, token) => (await admitted(id, token)).work,
    async runner(id, token) {
      await admitted(id, token);
      return runnerSource();
    },
    async file(id, token, name) {
      const { work } = await admitted(id, token);
      const file = work.files.find((one) => one.name === name);
      if (file === undefined)
        throw new MillwrightError("not_found", `Job ${id} has no file '${name}'.`);
      const path = await blobs.localPath(file.digest);
      return { bytes: file.bytes, content: createReadStream(path) };
    },
    async receive(id, token, { name, digest: said, content }) {
      await admitted(id, token);
      if (!RESULT_NAMES.includes(name as (typeof RESULT_NAMES)[number]))
        throw new MillwrightError(
          "invalid_input",
          `A job leaves ${RESULT_NAMES.join(", ")}, and no '${name}'.`,
        );
      const counted = { bytes: 0 };
      const digest = await blobs.putStream(atMost(MOST_BYTES, content, counted));
      const { bytes } = counted;
      if (said !== digest)
        throw new MillwrightError(
          "unavailable",
          `What arrived as ${name} is ${digest} (${bytes} bytes), not ${said}. Send it again.`,
        );
      if (!(await store.received(id, name, { digest, bytes }))) throw over(id);
      return { digest, bytes };
    },
  };
}

const over = (id: string): MillwrightError =>
  new MillwrightError("forbidden", `Job ${id} is over: nobody waits for its results.`);

async function* atMost(
  most: number,
  content: AsyncIterable<Uint8Array>,
  counted: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const block of content) {
    counted.bytes += block.length;
    if (counted.bytes > most)
      throw new MillwrightError("payload_too_large", `A result has at most ${most} bytes.`);
    yield block;
  }
}
