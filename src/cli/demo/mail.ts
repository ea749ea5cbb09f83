import pc from "picocolors";
import { delong } from "../../stats/delong.ts";
import { columns as aligned, meter } from "../terminal.ts";
import { byPeriod, DAY, dayOf, operate, type Stage } from "./replay.ts";
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

/** Mails an analyst team can read in a day. */
const CAPACITY = 20;
/** Analysts report what a mail really was this much later. */
const LABEL_DELAY = 3 * DAY;
const HOUR = DAY / 24;
/** Weeks begin on Monday; 1970-01-05 was one. */
const weekOf = (ms: number) => Math.floor((ms - 4 * DAY) / (7 * DAY)) * 7 * DAY + 4 * DAY;

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
  say(`${pc.bold("First version")}  ${first.winner}: ${first.decision}.`);
  await run.route();

  const total = {
    mails: 0,
    spam: 0,
    forwarded: 0,
    hits: 0,
    promotions: 0,
    rejections: 0,
    versions: 1,
  };
  const answers: { readonly p: number; readonly spam: boolean }[] = [];
  const due: { readonly id: string; readonly at: number; readonly label: string }[] = [];
  const lines: string[][] = [];
  const deliver = async (now: number): Promise<void> => {
    const ready = due.filter((label) => label.at <= now);
    due.splice(0, due.length, ...due.filter((label) => label.at > now));
    if (ready.length > 0) await stage.gateway.giveFeedback({ model, feedback: ready });
  };

  for (const week of byPeriod(stream, weekOf)) {
    const end = week.start + 7 * DAY;
    progress(`mail: week of ${dayOf(week.start)}`);
    const seen: { readonly p: number; readonly spam: boolean }[] = [];
    let forwarded = 0;
    let hits = 0;
    let news = "";
    for (const day of byPeriod(week.items, (ms) => Math.floor(ms / DAY) * DAY)) {
      await deliver(day.start);
      const today: { readonly p: number; readonly spam: boolean }[] = [];
      for (const hour of byPeriod(day.items, (ms) => Math.floor(ms / HOUR) * HOUR)) {
        const rows = hour.items.map(({ row: { is_spam: _, ...inputs } }) => inputs);
        const { predictions } = await stage.gateway.predict({ model, rows });
        predictions.forEach(({ id, probability }, i) => {
          const mail = hour.items[i]!;
          today.push({ p: probability ?? 0, spam: mail.spam });
          due.push({ id, at: mail.at + LABEL_DELAY, label: mail.spam ? "yes" : "no" });
        });
      }
      const riskiest = [...today]
        .sort((a, b) => b.p - a.p)
        .slice(0, CAPACITY)
        .filter(({ p }) => p >= 0.5);
      forwarded += riskiest.length;
      hits += riskiest.filter(({ spam }) => spam).length;
      seen.push(...today);
    }
    await deliver(end);
    const judged = await run.judge(end);
    if (judged.action === "promoted") total.promotions++;
    if (judged.action === "rejected") total.rejections++;
    if (judged.action !== "nothing to judge")
      news = `${judged.role} ${judged.action}${judged.decision ? `: ${judged.decision.reason}` : ""}`;
    const watched = await run.watch(week.start, end);
    if (watched.opened.length > 0) news = [news, watched.opened[0]!].filter(Boolean).join(" · ");
    const since = Date.now();
    if (judged.action !== "waiting" && week.items.length >= 30) {
      const trained = await run.train("every week", end);
      total.versions = trained.number;
      news = [news, `v${trained.number} ${trained.winner} ${trained.deployment}`]
        .filter(Boolean)
        .join(" · ");
    }
    await run.settled(since);
    await run.route();
    total.mails += seen.length;
    total.spam += seen.filter(({ spam }) => spam).length;
    total.forwarded += forwarded;
    total.hits += hits;
    answers.push(...seen);
    const share = seen.filter(({ spam }) => spam).length / seen.length;
    lines.push([
      dayOf(week.start),
      String(seen.length),
      `${Math.round(share * 100)} %`,
      forwarded === 0 ? pc.dim("none") : `${hits} of ${forwarded}`,
      forwarded === 0 ? "" : meter(hits / forwarded, 10),
      news,
    ]);
  }
  say();
  for (const line of aligned(
    [
      "week of",
      { title: "mails", right: true },
      { title: "spam", right: true },
      { title: "forwarded: spam", right: true },
      "",
      "what happened",
    ],
    lines,
  ))
    say(`  ${line}`);
  return {
    ...{ mails: total.mails, forwarded: total.forwarded, spamAmongForwarded: total.hits },
    ...{ spamShare: total.spam / total.mails, versions: total.versions },
    ...{ promotions: total.promotions, rejections: total.rejections },
    auc: delong(
      Float64Array.from(answers, ({ p }) => p),
      Float64Array.from(answers, ({ spam }) => Number(spam)),
    ).auc,
  };
}
