import pc from "picocolors";
import { columns as aligned, sparkline } from "../terminal.ts";
import { byPeriod, DAY, dayOf, operate, type Stage } from "./replay.ts";
import type { SourceRow } from "./source-rows.ts";

interface Day {
  readonly at: number;
  readonly row: SourceRow;
  readonly travelers: number;
  /** The same weekday last year: what a person would guess. */
  readonly naive: number;
}

export interface TravellersSummary {
  readonly incidents: number;
  readonly noticed: string | undefined;
  readonly words: string | undefined;
  readonly promotions: number;
  readonly phases: readonly {
    readonly name: string;
    readonly days: number;
    readonly error: number;
    readonly naive: number;
  }[];
}

const WEEK = 7 * DAY;

export const daysOf = (rows: readonly SourceRow[]): Day[] =>
  rows
    .map((row) => ({
      at: Date.parse(`${row.date}T00:00:00Z`),
      row,
      travelers: Number(row.travelers),
      naive: Number(row.travelers_year_before ?? Number.NaN),
    }))
    .sort((a, b) => a.at - b.at);

/** A forecast for every day; what really happened becomes known the day after. */
export async function tellTravellers(
  stage: Stage,
  model: string,
  stream: readonly Day[],
): Promise<TravellersSummary> {
  const { say, progress } = stage;
  const run = operate(stage, model);
  progress(`travellers: training on days before ${dayOf(stream[0]!.at)}`);
  const first = await run.train("first training", stream[0]!.at);
  say(`${pc.bold("First version")}  ${first.winner}: ${first.decision}.`);
  await run.route();

  const errors: { readonly at: number; readonly error: number; readonly naive: number }[] = [];
  let noticed: number | undefined;
  let recovered: number | undefined;
  let promotions = 0;
  const opened: string[] = [];
  const lines: string[][] = [];
  const origin = stream[0]!.at;
  for (const week of byPeriod(stream, (ms) => origin + Math.floor((ms - origin) / WEEK) * WEEK)) {
    progress(`travellers: week of ${dayOf(week.start)}`);
    const end = week.start + WEEK;
    const news: string[] = [];
    for (const day of week.items) {
      const { travelers: _, ...inputs } = day.row;
      const { predictions } = await stage.gateway.predict({ model, rows: [inputs] });
      const { id, value = Number.NaN } = predictions[0]!;
      await stage.gateway.giveFeedback({
        model,
        feedback: [{ id, label: day.travelers, at: day.at + DAY - 1 }],
      });
      errors.push({
        at: day.at,
        error: Math.abs(value - day.travelers),
        naive: Math.abs(day.naive - day.travelers),
      });
    }
    const judged = await run.judge(end);
    if (judged.action === "promoted") {
      promotions++;
      recovered ??= end;
    }
    if (!["nothing to judge", "waiting"].includes(judged.action))
      news.push(`${judged.role} ${judged.action}`);
    const since = Date.now();
    const watched = await run.watch(week.start, end);
    if (watched.opened.length > 0) {
      opened.push(watched.opened[0]!);
      noticed ??= end;
      news.push("incident opened");
    }
    if (watched.closed.length > 0) news.push("incident closed");
    for (const trained of await run.settled(since))
      news.push(`retrained: v${trained.number} ${trained.winner} ${trained.deployment}`);
    await run.route();
    const own = errors.filter(({ at }) => at >= week.start);
    const mean = (of: (e: (typeof own)[number]) => number) =>
      own.reduce((sum, e) => sum + of(e), 0) / own.length;
    lines.push([
      dayOf(week.start),
      thousands(mean((e) => e.error)),
      thousands(mean((e) => e.naive)),
      news.join(" · "),
    ]);
  }
  say();
  for (const line of aligned(
    [
      "week of",
      { title: "our error", right: true },
      { title: "last year's", right: true },
      "what happened",
    ],
    lines.filter((line) => line[3] !== "" || lines.indexOf(line) % 4 === 0),
  ))
    say(`  ${line}`);
  const weekly = byPeriod(errors, (ms) => origin + Math.floor((ms - origin) / WEEK) * WEEK).map(
    ({ items }) => items.reduce((sum, e) => sum + e.error, 0) / items.length,
  );
  say(`  ${pc.dim("our error, week by week")}  ${sparkline(weekly)}`);
  const phase = (name: string, from: number, to: number) => {
    const own = errors.filter(({ at }) => at >= from && at < to);
    const mean = (of: (e: (typeof own)[number]) => number) =>
      own.reduce((sum, e) => sum + of(e), 0) / own.length;
    return { name, days: own.length, error: mean((e) => e.error), naive: mean((e) => e.naive) };
  };
  const last = stream.at(-1)!.at + DAY;
  const shock = noticed === undefined ? last : noticed - WEEK;
  const calm = recovered ?? last;
  return {
    incidents: opened.length,
    noticed: noticed === undefined ? undefined : dayOf(noticed),
    words: opened[0],
    promotions,
    phases: [
      phase("before", origin, shock),
      phase("during", shock, calm),
      phase("after", calm, last),
    ].filter((p) => p.days > 0),
  };
}

export const thousands = (value: number): string => Math.round(value).toLocaleString("en-US");
