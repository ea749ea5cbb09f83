import pc from "picocolors";
import { highest } from "../../scoring/highest.ts";
import { delong } from "../../stats/delong.ts";
import { pageWidth, table, wrap } from "../render-text.ts";
import { meter } from "../terminal.ts";
import { byPeriod, DAY, dayOf, inShort, operate, right, type Stage } from "./replay.ts";
import type { SourceRow } from "./source-rows.ts";

export interface MailSummary {
  readonly mails: number;
  readonly forwarded: number;
  readonly spamAmongForwarded: number;
  readonly spamShare: number;
  readonly versions: number;
  readonly promotions: number;
  readonly rejections: number;
  readonly auc: number;
}

interface Mail {
  readonly at: number;
  readonly row: SourceRow;
  readonly spam: boolean;
}

interface Answer {
  readonly p: number;
  readonly spam: boolean;
}

interface DueLabel {
  readonly id: string;
  readonly at: number;
  readonly label: string;
}

/** Mails an analyst team can read in a day. */
const CAPACITY = 20;
/** Analysts report what a mail really was this much later. */
const LABEL_DELAY = 3 * DAY;
const HOUR = DAY / 24;
/** Weeks with fewer mails bring too little to train anew. */
const WORTH_TRAINING = 30;
/** Weeks begin on Monday; 1970-01-05 was one. */
const weekOf = (ms: number) => Math.floor((ms - 4 * DAY) / (7 * DAY)) * 7 * DAY + 4 * DAY;
const startOf = (period: number) => (ms: number) => Math.floor(ms / period) * period;

export const mailsOf = (rows: readonly SourceRow[]): Mail[] =>
  rows
    .map((row) => ({ at: Date.parse(row.received_at ?? ""), row, spam: row.is_spam === "yes" }))
    .sort((a, b) => a.at - b.at);

/** Trains on the past, then lives through the rest hour by hour, week by week. */
export async function tellMail(
  stage: Stage,
  model: string,
  stream: readonly Mail[],
): Promise<MailSummary> {
  const { say, progress } = stage;
  const run = operate(stage, model);
  progress(`mail: training on mails before ${dayOf(stream[0]!.at)}`);
  const first = await run.train("first training", stream[0]!.at);
  say(`   Version 1 is ${pc.bold(first.winner)}: ${first.decision}.`);
  say();
  await run.route();

  const days = dayAtTheDesk(stage, model);
  const answers: Answer[] = [];
  const lines: string[][] = [];
  const incidents: string[] = [];
  const counts = { promotions: 0, rejections: 0, versions: 1, forwarded: 0, hits: 0 };
  let challenger = 0;
  for (const week of byPeriod(stream, weekOf)) {
    const end = week.start + 7 * DAY;
    progress(`mail: week of ${dayOf(week.start)}`);
    const seen: Answer[] = [];
    const forwarded: Answer[] = [];
    for (const day of byPeriod(week.items, startOf(DAY))) {
      const today = await days.live(day.start, day.items);
      seen.push(...today.all);
      forwarded.push(...today.forwarded);
    }
    await days.deliver(end);

    const news: string[] = [];
    const judged = await run.judge(end);
    if (judged.action === "promoted") {
      counts.promotions++;
      news.push(`v${challenger} promoted: ${inShort(judged.decision!)}`);
    } else if (judged.action === "rejected") {
      counts.rejections++;
      news.push(`v${challenger} rejected: ${inShort(judged.decision!)}`);
    } else if (judged.action === "rolled back")
      news.push(`rolled back: ${inShort(judged.decision!)}`);
    const watched = await run.watch(week.start, end);
    if (watched.opened.length > 0) news.push("an incident was opened");
    incidents.push(...watched.opened);
    const since = Date.now();
    if (judged.action !== "waiting" && week.items.length >= WORTH_TRAINING) {
      const trained = await run.train("every week", end);
      counts.versions = trained.number;
      if (trained.deployment === "shadow") challenger = trained.number;
      const deployed = trained.deployment === "shadow" ? "runs in shadow" : trained.deployment;
      news.push(`v${trained.number} (${trained.winner}) ${deployed}`);
    }
    await run.settled(since);
    await run.route();

    answers.push(...seen);
    counts.forwarded += forwarded.length;
    const hits = spamIn(forwarded);
    counts.hits += hits;
    lines.push([
      dayOf(week.start),
      String(seen.length),
      percent(spamIn(seen) / seen.length),
      String(forwarded.length),
      forwarded.length === 0
        ? ""
        : `${meter(hits / forwarded.length, 10)} ${percent(hits / forwarded.length)}`,
      news.join("; "),
    ]);
  }

  const head = [
    "week of",
    right("mails"),
    right("spam"),
    right("forwarded"),
    "spam among them",
    "what happened",
  ];
  for (const line of table(head, lines, pageWidth())) say(line);
  for (const words of incidents) {
    say();
    for (const line of wrap(`Incident. ${words}`, pageWidth() - 6)) say(pc.dim(`   ${line}`));
  }
  const { auc } = delong(
    Float64Array.from(answers, ({ p }) => p),
    Float64Array.from(answers, ({ spam }) => Number(spam)),
  );
  return {
    ...{ mails: answers.length, spamShare: spamIn(answers) / answers.length, auc },
    ...{ forwarded: counts.forwarded, spamAmongForwarded: counts.hits },
    ...{ versions: counts.versions, promotions: counts.promotions, rejections: counts.rejections },
  };
}

/** One day: mails are scored in the hour they arrive, the riskiest go to the analysts, and what they found out comes days later. */
function dayAtTheDesk({ gateway }: Stage, model: string) {
  let due: DueLabel[] = [];
  const deliver = async (now: number): Promise<void> => {
    const ready = due.filter((label) => label.at <= now);
    due = due.filter((label) => label.at > now);
    if (ready.length > 0) await gateway.giveFeedback({ model, feedback: ready });
  };
  return {
    deliver,
    async live(
      start: number,
      mails: readonly Mail[],
    ): Promise<{ readonly all: readonly Answer[]; readonly forwarded: readonly Answer[] }> {
      await deliver(start);
      const all: Answer[] = [];
      for (const hour of byPeriod(mails, startOf(HOUR))) {
        const rows = hour.items.map(({ row: { is_spam: _, ...inputs } }) => inputs);
        const { predictions } = await gateway.predict({ model, rows });
        predictions.forEach(({ id, probability = 0 }, i) => {
          const mail = hour.items[i]!;
          all.push({ p: probability, spam: mail.spam });
          due.push({ id, at: mail.at + LABEL_DELAY, label: mail.spam ? "yes" : "no" });
        });
      }
      const riskiest = highest(CAPACITY);
      for (const [place, { p }] of all.entries()) if (p >= 0.5) riskiest.add(p, place);
      return { all, forwarded: riskiest.ranked().map(({ place }) => all[place]!) };
    },
  };
}

const spamIn = (answers: readonly Answer[]): number => answers.filter(({ spam }) => spam).length;
const percent = (share: number): string => `${Math.round(100 * share)} %`.padStart(5);
