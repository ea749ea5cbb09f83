import type { Pipeline } from "../engine/engine.ts";
import type { Digest } from "../lib/digest.ts";
import type { AnsweredBy, PinnedFamily } from "../scoring/pinned-family.ts";
import { type Forwarded, forwardRows } from "./forward-rows.ts";
import { planScoring } from "./plan-scoring.ts";
import type { Platform } from "./platform.ts";
import { scoreParts } from "./score-parts.ts";
import { writeScores } from "./write-scores.ts";

export interface ScoreInput {
  readonly model: string;
  /** Number, alias or digest of a version, which then answers every row. Left out: the champion, and the members of its family. */
  readonly version?: string;
  /** Path or glob, relative to `folder`. */
  readonly source: string;
  /** Absolute. */
  readonly folder: string;
  /** Absolute; .parquet, .csv or .jsonl. */
  readonly out: string;
  /** Makes the folder of `out` where it is not there. */
  readonly makeFolder?: boolean;
  /** At most so many parts at once on one machine; default: one per core. */
  readonly lanes?: number;
  /** How many reasons are told for each row. Default none. */
  readonly reasons?: number;
  /** Writes the so many highest scores into a list of their own. Nothing is remembered of it. */
  readonly top?: number;
  /** Hands the highest scores on to people: each row at most once, and never more than `capacity` ("40/hour") allows. */
  readonly forward?: { readonly to: string; readonly capacity: string };
}

export interface ScoreOutcome {
  readonly model: string;
  readonly version: Digest;
  readonly number: number;
  readonly out: string;
  readonly rows: number;
  readonly rejected: number;
  /** Absolute path of what was set aside, with reasons. */
  readonly rejectedFile: string | null;
  /** Of all parts, those scored before this run began. */
  readonly parts: number;
  readonly partsFound: number;
  readonly forwarded: Forwarded | null;
  /** Of a family: who answered how many rows. */
  readonly answered?: FamilyAnswered;
}

export interface FamilyAnswered {
  /** Number of the family's training whose members answered. */
  readonly training: number;
  /** The finest first; the last, without columns, is the model everybody shares. */
  readonly levels: readonly { readonly columns: readonly string[]; readonly rows: number }[];
  /** Rows of members that could not be loaded: the model everybody shares answered. */
  readonly stoodIn: number;
}

const answeredOf = (
  { number, levels }: PinnedFamily,
  { levels: rows, stoodIn }: AnsweredBy,
): FamilyAnswered => ({
  training: number,
  levels: rows.map((n, level) => ({ columns: levels[level] ?? [], rows: n })),
  stoodIn,
});

/**
 * A batch: every row of a source, scored by one version, exactly once. Finished parts are kept under the digest of source bytes,
 * version and options; the same question again goes on where it stopped, or is answered at once.
 */
export const score = (platform: Platform): Pipeline<ScoreInput, ScoreOutcome> => ({
  name: "score",
  async run(steps, input) {
    const { runId } = steps;
    const plan = await steps.step("plan", (step) => planScoring(platform, { ...input, step }));
    const { batch } = plan;
    await steps.step("score", (step) =>
      scoreParts(platform, { ...input, plan, runner: runId, step, alone: false }),
    );
    const written = await steps.step("write", () =>
      writeScores(platform, { ...input, plan, token: runId }),
    );
    const forwarded =
      input.top === undefined && input.forward === undefined
        ? null
        : await steps.step("forward", () => forwardRows(platform, { ...input, plan, runId }));
    const { model, version, family } = plan.scoring;
    const { answered, ...results } = written;
    return {
      ...{ model, version: version.id, number: version.number, out: input.out, ...results },
      ...{ parts: batch.parts, partsFound: batch.found, forwarded },
      ...(family && answered ? { answered: answeredOf(family, answered) } : {}),
    };
  },
});

/** A hand for `score`, started by it where more than one worker is alive: scores parts until none is free. */
export const scoreHelp = (
  platform: Platform,
): Pipeline<
  Pick<ScoreInput, "lanes"> & {
    readonly of: string;
    readonly plan: Awaited<ReturnType<typeof planScoring>>;
  },
  null
> => ({
  name: "score-help",
  async run(steps, input) {
    return steps.step("score", async (step) => {
      await scoreParts(platform, { ...input, runner: steps.runId, step, alone: true });
      return null;
    });
  },
});
