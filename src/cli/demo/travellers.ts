import pc from "picocolors";
import { pageWidth, table } from "../render-text.ts";
import { sparkline } from "../terminal.ts";
import { byPeriod, DAY, dayOf, inShort, operate, right, type Stage } from "./replay.ts";
import type { SourceRow } from "./source-rows.ts";

interface Day {
  readonly at: number;
  readonly row: SourceRow;
  readonly travelers: number;
  /** The same weekday last year: what a person would guess. */
  readonly naive: number;
}

interface DayError {
  readonly at: number;
  readonly error: number;
  readonly naive: number;
}

export interface TravellersSummary {
  readonly incidents: number;
  /** End of the week in which the first incident was opened. */
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

/** A forecast for every day; what really happened becomes known in the evening. Incidents retrain by themselves. */
export async function tellTravellers(
  stage: Stage,
  model: string,
  stream: readonly Day[],
): Promise<TravellersSummary> {
  const { say, progress } = stage;
  const run = operate(stage, model);
  const origin = stream[0]!.at;
  progress(`travellers: training on days before ${dayOf(origin)}`);
  const first = await run.train("first training", origin);
  say(`   Version 1 is ${pc.bold(first.winner)}: ${first.decision}.`);
  say();
  await run.route();

  const errors: DayError[] = [];
  const opened: string[] = [];
  const lines: string[][] = [];
  let noticed: number | undefined;
  let recovered: number | undefined;
  let promotions = 0;
  const weekOf = (ms: number) => origin + Math.floor((ms - origin) / WEEK) * WEEK;
  for (const week of byPeriod(stream, weekOf)) {
    progress(`travellers: week of ${dayOf(week.start)}`);
    const end = week.start + WEEK;
    const own: DayError[] = [];
    for (const day of week.items) own.push(await liveDay(stage, model, day));
    errors.push(...own);

    const news: string[] = [];
    const judged = await run.judge(end);
    if (judged.action === "promoted") {
      promotions++;
      recovered ??= end;
      news.push(`the challenger was promoted: ${inShort(judged.decision!)}`);
    } else if (judged.action === "rejected")
      news.push(`the challenger was rejected: ${inShort(judged.decision!)}`);
    else if (judged.action === "rolled back")
      news.push(`rolled back: ${inShort(judged.decision!)}`);
    else if (judged.action === "guard ended") news.push("the new champion has proven itself");
    const since = Date.now();
    const watched = await run.watch(week.start, end);
    if (watched.opened.length > 0) {
      opened.push(...watched.opened);
      noticed ??= end;
      news.push("incident opened");
    }
    if (watched.closed.length > 0) news.push("incident closed");
    for (const { number, winner, deployment } of await run.settled(since))
      news.push(
        `retrained by itself: v${number} (${winner}) ${deployment === "shadow" ? "runs in shadow" : deployment}`,
      );
    await run.route();
    lines.push([
      dayOf(week.start),
      thousands(mean(own, "error")),
      thousands(mean(own, "naive")),
      news.join("; "),
    ]);
  }

  const shown = lines.filter((line, i) => line[3] !== "" || i % 4 === 0);
  const head = ["week of", right("our error"), right("last year's"), "what happened"];
  for (const line of table(head, shown, pageWidth())) say(line);
  const weekly = byPeriod(errors, weekOf).map(({ items }) => mean(items, "error"));
  say();
  say(`   ${pc.dim("our error, week by week")}  ${sparkline(weekly)}`);

  const last = stream.at(-1)!.at + DAY;
  const shock = noticed === undefined ? last : noticed - WEEK;
  const calm = recovered ?? last;
  const phase = (name: string, from: number, to: number) => {
    const own = errors.filter(({ at }) => at >= from && at < to);
    return { name, days: own.length, error: mean(own, "error"), naive: mean(own, "naive") };
  };
  return {
    incidents: opened.length,
    noticed: noticed === undefined ? undefined : dayOf(noticed),
    words: opened[0],
    promotions,
    phases: [
      phase("before", origin, shock),
      phase("during", shock, calm),
      phase("after", calm, last),
    ].filter(({ days }) => days > 0),
  };
}

async function liveDay({ gateway }: Stage, model: string, day: Day): Promise<DayError> {
  const { travelers: _, ...inputs } = day.row;
  const { predictions } = await gateway.predict({ model, rows: [inputs] });
  const { id, value = Number.NaN } = predictions[0]!;
  const evening = day.at + DAY - 1;
  await gateway.giveFeedback({ model, feedback: [{ id, label: day.travelers, at: evening }] });
  return {
    at: day.at,
    error: Math.abs(value - day.travelers),
    naive: Math.abs(day.naive - day.travelers),
  };
}

const mean = (errors: readonly DayError[], of: "error" | "naive"): number =>
  errors.reduce((sum, error) => sum + error[of], 0) / errors.length;

export const thousands = (value: number): string => Math.round(value).toLocaleString("en-US");
