import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { MillwrightError } from "../../errors.ts";
import type { Abort } from "../../lib/abort.ts";
import type { StepContext } from "../engine.ts";
import type { JobEnd, JobRequest } from "../jobs.ts";
import type { JobLook, JobReach, Place } from "../remote/place.ts";
import { describeFailure } from "../runs.ts";
import type { JobsDeps } from "./open-jobs.ts";
import type { JobOutcome, JobRow } from "./store.ts";

const FIRST_LOOK_MS = 1000;
const LAST_LOOK_MS = 30_000;
const GROWTH = 1.3;
/** A place may be away so long (an upgrade of its head, say) before the step fails. */
const PATIENCE_MS = 15 * 60_000;
/** Machines go; a job that goes with its machine is asked for again so often. */
const ATTEMPTS = 4;
/** Times the square of how often: a cluster may go on to give work to a machine for a while after it has died. */
const LOST_PAUSE_MS = 10_000;
const TAIL_LINES = 20;
const LINE = 2000;
/** How soon a cancel is seen while we sleep. */
const NOTICE_MS = 200;
/** For handing over what it made, beside the time it may wait and run. */
const TOKEN_SPARE_MS = 3_600_000;
/** "millwright: progress 0.25 epoch 3 of 12" */
const PROGRESS = /^millwright: progress (0(?:\.\d+)?|1(?:\.0+)?)\s*(.*)$/;

/** See `Jobs.prepare`. The row goes before the job, so no job is out there that nobody knows of. */
export async function prepareJob({ store }: JobsDeps, request: JobRequest): Promise<void> {
  const { run, step } = request;
  if ((await store.last(run, step)) !== undefined) return;
  await store.add({ ...request, id: jobId(run, step, 1), attempt: 1 });
}

/** See `Jobs.run`. */
export async function runJob(
  deps: JobsDeps,
  { run, step: name }: Pick<JobRequest, "run" | "step">,
  step: StepContext,
): Promise<JobEnd> {
  const { store, placeOf } = deps;
  let job = await store.last(run, name);
  for (;;) {
    if (job === undefined)
      throw new MillwrightError("internal", `Run ${run} has prepared no job for step '${name}'.`);
    const outcome: JobOutcome =
      job.outcome ?? (await store.end(job.id, await follow(deps, job, placeOf(job.place), step)));
    if ("dropped" in outcome)
      throw new MillwrightError("cancelled", `Job ${job.id} was cancelled with its run.`);
    if (!("lost" in outcome)) return outcome;
    if (job.attempt >= ATTEMPTS)
      return { failed: `The job was lost ${ATTEMPTS} times; the last time: ${outcome.lost}` };
    step.progress(`attempt ${job.attempt} was lost (${outcome.lost}); asking for another`);
    await nap(LOST_PAUSE_MS * job.attempt ** 2, step.signal);
    const attempt: number = job.attempt + 1;
    job = await store.add({ ...job, id: jobId(run, name, attempt), attempt });
  }
}

/** The same from every process. 100 bits; a DNS label, as Kubernetes asks for. */
export function jobId(run: string, step: string, attempt: number): string {
  const hash = createHash("sha256").update(`${run}\0${step}\0${attempt}`).digest("hex");
  return `millwright-${hash.slice(0, 25)}`;
}

async function follow(
  deps: JobsDeps,
  job: JobRow,
  place: Place,
  { signal, progress }: StepContext,
): Promise<JobOutcome> {
  const { clock, store } = deps;
  const { id, work } = job;
  let mark = job.mark;
  let tail = [...job.tail];
  const heed = patience(deps, signal, progress);
  // Only who finds nothing asks for it. Two who do so at once ask for the same id.
  const known = await heed(() => place.look(id, mark));
  if (known === undefined)
    await heed(() =>
      place.submit(id, {
        ...{ work, run: job.run, step: job.step, local: deps.local },
        reach: () => reachFor(deps, job),
      }),
    );
  let missing = 0;
  let waitsSince = job.createdAt;
  let shown = "";
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * GROWTH, LAST_LOOK_MS)) {
    const seen = await heed(() => place.look(id, mark));
    if (seen === undefined) {
      // Lists and caches of clusters may lag behind what they have just accepted.
      missing += 1;
      if (missing >= 3) return { lost: "the place knows nothing of it" };
    } else {
      missing = 0;
      if (seen.lines.length > 0) {
        tail = [...tail, ...seen.lines.map((line) => line.slice(0, LINE))].slice(-TAIL_LINES);
        mark = seen.mark;
        await store.heard(id, mark, tail);
        pause = Math.min(pause, 5 * FIRST_LOOK_MS);
      }
      if (seen.state !== "waiting") waitsSince = clock.now();
      shown = show(seen, shown, progress);
      const end = await endOf(deps, { job, place, seen, tail });
      if (end !== undefined) return end;
      if (clock.now() - waitsSince > work.startWithinMs) {
        await heed(() => place.cancel(id));
        return {
          failed: `It waited longer than ${work.startWithinMs / 1000} s for its place${seen.words ? `: ${seen.words}` : ""}. Ask for less (resources), or let it wait longer (startWithin).`,
        };
      }
    }
    await nap(pause, signal);
  }
}

/** The last line, or why it waits. Returns what it said, so that it is not said twice. */
function show(seen: JobLook, before: string, progress: StepContext["progress"]): string {
  const line = seen.lines.findLast((text) => text.trim() !== "") ?? seen.words;
  if (line === undefined || line === before) return before;
  const [, share, rest] = PROGRESS.exec(line) ?? [];
  if (share === undefined) progress(line.slice(0, LINE));
  else progress(rest!.slice(0, LINE), Number(share));
  return line;
}

async function endOf(
  deps: JobsDeps,
  {
    job,
    place,
    seen: { state, words },
    tail,
  }: { job: JobRow; place: Place; seen: JobLook; tail: readonly string[] },
): Promise<JobOutcome | undefined> {
  const { label } = job.work.program;
  const last = tail.length > 0 ? ` Its last words:\n${tail.join("\n")}` : "";
  const why = words === undefined ? "" : `: ${words}`;
  if (state === "waiting" || state === "running") return undefined;
  if (state === "lost") return { lost: words ?? "it is gone" };
  if (state === "failed") return { failed: `'${label}' failed${why}.${last}` };
  if (state === "stopped")
    return { failed: `'${label}' was stopped where it ran, by somebody else${why}.${last}` };
  return { results: await collected(deps, job, place) };
}

async function collected(deps: JobsDeps, job: JobRow, place: Place): Promise<JobRow["results"]> {
  if (place.collect === undefined) return (await deps.store.get(job.id))!.results;
  const found: Record<string, JobRow["results"][string]> = {};
  for (const name of deps.resultNames) {
    const path = await place.collect(job.id, name);
    if (path !== undefined) found[name] = await deps.keep({ path });
  }
  return found;
}

async function reachFor({ reach, store, clock }: JobsDeps, job: JobRow): Promise<JobReach> {
  const url = await reach();
  const token = randomBytes(32).toString("base64url");
  const until = clock.now() + job.work.startWithinMs + job.work.timeoutMs + TOKEN_SPARE_MS;
  await store.allow(job.id, tokenHash(token), until);
  return { url: `${url}/api/jobs/${job.id}`, token };
}

export const tokenHash = (token: string): string =>
  createHash("sha256").update(token).digest("hex");

/** Calls until it answers; what will not pass by itself is thrown at once. */
function patience({ clock }: JobsDeps, signal: Abort, progress: StepContext["progress"]) {
  return async <T>(call: () => Promise<T>): Promise<T> => {
    const since = clock.now();
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LAST_LOOK_MS)) {
      try {
        return await call();
      } catch (error) {
        const { retryable, message } = describeFailure(error);
        if (!retryable || clock.now() - since > PATIENCE_MS) throw error;
        progress(`${message} Trying again.`);
      }
      await nap(pause, signal);
    }
  };
}

/** Throws `cancelled` when it is over sooner: the run was cancelled, or this process stops and another goes on. */
async function nap(ms: number, signal: Abort): Promise<void> {
  for (let left = ms; left > 0; left -= NOTICE_MS) {
    if (signal.aborted) throw new MillwrightError("cancelled", "The step was told to stop.");
    await sleep(Math.min(left, NOTICE_MS));
  }
}
