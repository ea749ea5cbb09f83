import type { client } from "../../../sdk/src/client.ts";
import type { serving } from "../../../sdk/src/contract/serving.ts";
import { MillwrightError } from "../../errors.ts";
import type { JudgeOutcome } from "../../pipelines/judge.ts";
import type { Platform } from "../../pipelines/platform.ts";
import type { TrainOutcome } from "../../pipelines/train.ts";
import type { WatchOutcome } from "../../pipelines/watch.ts";
import type { SequentialDecision } from "../../stats/sequential.ts";
import type { Sql } from "../../storage/sql/sql.ts";

/** What a story needs to be told: the running platform, reached as a customer would (HTTP) and as an operator would (runs). */
export interface Stage {
  readonly platform: Platform;
  readonly sql: Sql;
  readonly gateway: ReturnType<typeof client<typeof serving>>;
  say(line?: string): void;
  progress(message: string): void;
}

const LONGEST_WAIT_MS = 60_000;

/** Runs of one model with the clock turned back: `asOf` is the moment the replay has reached. */
export function operate(stage: Stage, model: string) {
  const { engine } = stage.platform;
  const run = async <T>(pipeline: string, input: object): Promise<T> =>
    engine.wait<T>(await engine.submit(pipeline, { model, ...input }));
  return {
    train: (reason: string, asOf?: number) =>
      run<TrainOutcome>("train", { reason, ...(asOf === undefined ? {} : { asOf }) }),
    watch: (start: number, end: number) => run<WatchOutcome>("watch", { start, end, asOf: end }),
    judge: (asOf: number) => run<JudgeOutcome>("judge", { asOf }),
    /** Waits until what events have started is over: incidents start trainings by themselves. Returns those of this model. */
    async settled(since: number): Promise<TrainOutcome[]> {
      for (const started = Date.now(); ; ) {
        if (Date.now() - started > LONGEST_WAIT_MS)
          throw new MillwrightError(
            "timeout",
            `What ${model}'s incidents started is not over after a minute. See: millwright runs`,
          );
        const [row] = await stage.sql.query<{ behind: number }>(
          `select count(*) as behind from millwright.event_consumer
           where last_id < (select coalesce(max(id), 0) from millwright.event where type in ('incident.opened', 'incident.continues'))
             and name = 'retrain-on-incident'`,
        );
        const runs = await engine.list({ pipeline: "train", limit: 20 });
        const own = runs.filter(
          (r) => (r.input as { model: string }).model === model && r.createdAt >= since,
        );
        if (row?.behind === 0 && own.every((r) => r.finishedAt !== undefined))
          return own
            .filter((r) => r.state === "succeeded")
            .map((r) => r.output as unknown as TrainOutcome);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async route(): Promise<void> {
      const route = await stage.platform.serving.route(model);
      if (route) await stage.gateway.refreshRoutes({ model, revision: route.revision });
    },
  };
}

export const DAY = 86_400_000;

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Items by the start of their period, in order of time. */
export function byPeriod<T extends { readonly at: number }>(
  items: readonly T[],
  startOf: (ms: number) => number,
): { readonly start: number; readonly items: readonly T[] }[] {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const start = startOf(item.at);
    const known = groups.get(start);
    if (known) known.push(item);
    else groups.set(start, [item]);
  }
  return [...groups]
    .sort((a, b) => a[0] - b[0])
    .map(([start, members]) => ({ start, items: members }));
}

export const right = (title: string) => ({ title, right: true }) as const;

/** A decision of the sequential test in a few words. */
export function inShort({ pairs, challenger, champion, outcome }: SequentialDecision): string {
  const evidence = outcome === "promote" ? challenger : champion;
  const figure =
    evidence >= 1e6
      ? "over a million"
      : evidence.toLocaleString("en-US", { maximumSignificantDigits: 3 });
  const most = Math.max(challenger, champion) < 20;
  return most
    ? `no difference shown on ${pairs} pairs`
    : `evidence ${figure} (20 needed) on ${pairs} pairs`;
}
