import type { Blobs } from "../../storage/blobs/blobs.ts";
import type { JobsDeps } from "./open-jobs.ts";
import type { JobRow } from "./store.ts";

const AT_ONCE = 50;
/** A place that does not answer is asked again after so long, and not for ever: its own limits end the job. */
const AGAIN_MS = 30_000;
const GIVE_UP_MS = 7 * 86_400_000;
/** Files go so long after their run, and only those that nobody has put again in the last half of it: they are his. */
const KEEP_MS = 120_000;

/**
 * Of runs that are over: ends the jobs that go on (the run was cancelled, or failed elsewhere, perhaps while no worker was there), then
 * removes their files. Any number of processes may do so at once.
 */
export function sweepJobs(deps: JobsDeps & { readonly blobs: Blobs }): () => Promise<void> {
  const { store, placeOf, clock, log, blobs } = deps;
  const notBefore = new Map<string, number>();

  const clear = async (job: JobRow): Promise<void> => {
    const place = placeOf(job.place);
    if (job.outcome === undefined) {
      await place.cancel(job.id);
      await store.end(job.id, { dropped: true });
      return;
    }
    await place.forget?.(job.id);
    const files = [...job.work.files, ...Object.values(job.results)].map(({ digest }) => digest);
    const needed = await store.needed(files, job.id);
    for (const digest of files)
      if (!needed.has(digest)) await blobs.deleteOld(digest, clock.now() - KEEP_MS / 2);
    await store.cleared(job.id);
  };

  return async () => {
    const now = clock.now();
    for (const job of await store.left(AT_ONCE, KEEP_MS)) {
      if ((notBefore.get(job.id) ?? 0) > now) continue;
      try {
        await clear(job);
        notBefore.delete(job.id);
      } catch (error) {
        notBefore.set(job.id, now + AGAIN_MS);
        const { message } = error as Error;
        if (now - job.createdAt < GIVE_UP_MS)
          log.warn(`job ${job.id} cannot be ended yet: ${message}`, { run: job.run });
        else await store.cleared(job.id);
      }
    }
  };
}
