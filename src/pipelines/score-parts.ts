import type { StepContext } from "../engine/engine.ts";
import { MillwrightError } from "../errors.ts";
import { crashPoint } from "../lib/crash-point.ts";
import { inWords } from "../lib/duration.ts";
import type { ScoredPart, ScorePartInput } from "../scoring/score-part.ts";
import type { Part } from "../scoring/store.ts";
import type { Unpacked } from "../storage/columns/columns.ts";
import type { BatchPlan } from "./plan-scoring.ts";
import type { Platform } from "./platform.ts";

type Deps = Pick<Platform, "columns" | "scoring" | "compute" | "engine" | "threads" | "clock">;

const TELL_MS = 1000;

interface Input {
  readonly plan: BatchPlan;
  /** Id of the run that takes parts; one process executes it at a time. */
  readonly runner: string;
  readonly step: StepContext;
  readonly lanes?: number;
  /** Takes what is free and ends; otherwise: asks other workers to help, and sees to it that every part is finished. */
  readonly alone: boolean;
}

/** Scores the unfinished parts of a batch, as many at once as there are compute threads. */
export async function scoreParts(deps: Deps, input: Input): Promise<void> {
  const { plan, runner, step, alone } = input;
  const { id } = plan.batch;
  const { source } = plan.scoring;
  const lanes = Math.max(1, Math.min(deps.threads, input.lanes ?? deps.threads));
  // Taken by this run when it was executed before: by a process that is gone, or an attempt that failed.
  await deps.scoring.release(id, runner);
  const score = await partScorer(deps, input);
  const inPlace = source.files.every((file) => deps.columns.readsInPlace(file));
  const helpers = inPlace && !alone ? await askForHelp(deps, input, lanes) : [];
  const finish = async (): Promise<void> => {
    for (;;) {
      if (inPlace) await scoreInPlace(deps, { id, runner, lanes, score });
      else await scoreUnpacked(deps, { input, lanes, score });
      const holders = alone ? [] : await deps.scoring.holders(id);
      if (holders.length === 0) return;
      step.progress("waiting for other workers");
      for (const holder of holders) {
        // It finishes what it has, or it ends and that is free.
        await deps.engine.wait(holder).catch(() => {});
        await deps.scoring.release(id, holder);
      }
    }
  };
  let over = false;
  try {
    await finish();
    over = true;
  } finally {
    // Others need not wait for the end of this run.
    if (!over) await deps.scoring.release(id, runner);
    if (over || step.signal.aborted) for (const helper of helpers) await deps.engine.cancel(helper);
  }
}

type Score = (part: Part, unpacked?: Unpacked) => Promise<void>;

/** Scores one part in a compute thread, keeps it, and tells how far the batch is. */
async function partScorer(deps: Deps, { plan, step }: Input): Promise<Score> {
  const { id, parts } = plan.batch;
  const { source } = plan.scoring;
  const started = deps.clock.now();
  const before = await deps.scoring.counts(id);
  let known = before;
  const under = new Map<number, number>();
  let told = 0;
  const tell = (): void => {
    const now = deps.clock.now();
    if (now - told < TELL_MS && known.finished < parts) return;
    told = now;
    const rows = known.rows + [...under.values()].reduce((sum, n) => sum + n, 0);
    const ms = Math.max(1, now - started);
    const rate = ((rows - before.rows) / ms) * 1000;
    const done = known.finished - before.finished;
    const left = done === 0 ? undefined : ((parts - known.finished) * ms) / done;
    step.progress(
      `${thousands(rows)} rows, ${thousands(rate)} rows/s${left === undefined || left === 0 ? "" : `, ${inWords(left)} left`}`,
      known.finished / Math.max(1, parts),
    );
  };
  return async ({ part, piece }, unpacked) => {
    const file = source.files[piece.file]!;
    const input: ScorePartInput = {
      // Of many files a thread needs to know one.
      plan: { ...plan.scoring, source: { ...source, files: [file], notes: [] } },
      piece: { ...piece, file: 0 },
      unpacked: unpacked?.path,
    };
    try {
      const scored = await deps.compute.run<ScoredPart>("score", input, {
        signal: step.signal,
        progress: (rows) => {
          under.set(part, Number(rows));
          tell();
        },
      });
      await deps.scoring.finish(id, part, scored);
      crashPoint("score:part-kept");
    } finally {
      under.delete(part);
      await unpacked?.discard();
    }
    known = await deps.scoring.counts(id);
    tell();
  };
}

async function scoreInPlace(
  deps: Deps,
  {
    id,
    runner,
    lanes,
    score,
  }: { id: BatchPlan["batch"]["id"]; runner: string; lanes: number; score: Score },
): Promise<void> {
  let failed = false;
  const lane = async (): Promise<void> => {
    for (;;) {
      const part = failed ? undefined : await deps.scoring.claim(id, runner);
      if (!part) return;
      try {
        await score(part);
      } catch (error) {
        // The step is over: nothing may begin beside its repetition.
        failed = true;
        throw error;
      }
    }
  };
  await settled(Array.from({ length: lanes }, lane));
}

/** One reads and unpacks, the lanes score; it is never more than a part ahead of them. */
async function scoreUnpacked(
  deps: Deps,
  { input, lanes, score }: { input: Input; lanes: number; score: Score },
): Promise<void> {
  const { plan, runner } = input;
  const { source } = plan.scoring;
  const taken = await deps.scoring.claimAll(plan.batch.id, runner);
  const places = new Map(taken.map((part) => [part.piece, part]));
  const running = new Set<Promise<void>>();
  let failure: unknown;
  await deps.columns.unpack(
    source,
    taken.map(({ piece }) => piece),
    async (piece, unpacked) => {
      const own: Promise<void> = score(places.get(piece)!, unpacked)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => running.delete(own));
      running.add(own);
      if (running.size > lanes) await Promise.race(running);
      if (failure) await Promise.all(running);
      if (failure) throw failure;
    },
  );
  await Promise.all(running);
  if (failure) throw failure;
}

/** All are waited for, then the first failure is thrown. */
async function settled(work: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(work);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** One helping run for every other worker that is alive, when there is enough to do. */
async function askForHelp(deps: Deps, { plan, runner, step, lanes: wished }: Input, lanes: number) {
  const { finished, parts } = await deps.scoring.counts(plan.batch.id);
  const others = Math.min(
    (await deps.engine.workers()).length - 1,
    Math.floor((parts - finished) / lanes) - 1,
  );
  const helpers: string[] = [];
  for (let i = 1; i <= others; i++) {
    if (step.signal.aborted) throw new MillwrightError("cancelled", "Scoring was cancelled.");
    const help = { plan, of: runner, ...(wished === undefined ? {} : { lanes: wished }) };
    helpers.push(await deps.engine.submit("score-help", help, { id: `${runner}-help-${i}` }));
  }
  return helpers;
}

const thousands = (n: number): string =>
  Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
