import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pc from "picocolors";
import { client } from "../../sdk/src/client.ts";
import { serving } from "../../sdk/src/contract/serving.ts";
import type { Supervised } from "../engine/supervise.ts";
import { MillwrightError } from "../errors.ts";
import { inWords } from "../lib/duration.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { type MailSummary, mailsOf, tellMail } from "./demo/mail.ts";
import { type SourceRow, sourceRows } from "./demo/source-rows.ts";
import { daysOf, type TravellersSummary, tellTravellers, thousands } from "./demo/travellers.ts";
import { pageWidth, wrap } from "./render-text.ts";
import type { Terminal } from "./terminal.ts";
import { startAll } from "./up.ts";

const MAIL_FROM = Date.parse("2002-08-01T00:00:00Z");
const TRAVEL_FROM = Date.parse("2020-02-01T00:00:00Z");
const TRAVEL_TO = Date.parse("2020-09-30T00:00:00Z");

export const demo: CommandOf = (program, context) => {
  program
    .command("demo")
    .summary("two true stories on real data, told by the whole platform in about a minute")
    .option("--keep", "leave everything running afterwards and print the addresses")
    .action(async (options, command) => {
      const started = Date.now();
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const config = context.config(global);
      const folder = join(config.project, ".millwright", "demo");
      const chapter = nextChapter(folder);
      const models = { mail: `mail-${chapter}`, travellers: `travellers-${chapter}` };
      writeProject(folder, models);
      // Free ports: the demo never collides with a Millwright that is up.
      process.env.MILLWRIGHT_PORT ??= "0";
      process.env.MILLWRIGHT_GATEWAY_PORT ??= "0";
      const own: GlobalOptions = { ...global, project: folder };

      terminal.say(
        `${pc.bold("Millwright demo")}  two true stories, told by a real installation in ${pc.dim(folder)}`,
      );
      terminal.progress("starting the database");
      const open = await context.open(own, "no");
      const { platform } = open;
      let running: Supervised | undefined;
      try {
        terminal.progress("starting control, worker and gateway");
        running = await startAll(context, own, context.config(own));
        const urls = await running.ready;
        const [mail, travel] = await Promise.all([
          sourceRows(platform.columns, examples("mail"), "data/mail.csv.gz"),
          sourceRows(platform.columns, examples("travellers"), "data/travellers.csv"),
        ]);
        const mails = mailsOf(mail);
        const days = daysOf(travel);
        writeRows(
          join(folder, "mail.jsonl"),
          mails.filter(({ at }) => at < MAIL_FROM).map(({ row }) => row),
        );
        writeRows(
          join(folder, "travellers.jsonl"),
          days.filter(({ at }) => at < TRAVEL_FROM).map(({ row }) => row),
        );
        const stage = (out: (line: string) => void) => ({
          platform,
          sql: open.app.sql,
          gateway: client(serving, { url: urls.gateway! }),
          say: (line = "") => out(line),
          progress: (message: string) => terminal.progress(message),
        });
        const second: string[] = [];
        heading(
          terminal,
          "1",
          "Mail security",
          "6,000 mails, received June 2001 to December 2002. Trained on what came before August 2002, then every mail is scored in the hour it arrives; analysts read the 20 riskiest of a day and report three days later.",
        );
        const [one, two] = await Promise.all([
          tellMail(
            stage((line) => terminal.say(line)),
            models.mail,
            mails.filter(({ at }) => at >= MAIL_FROM),
          ),
          tellTravellers(
            stage((line) => second.push(line)),
            models.travellers,
            days.filter(({ at }) => at >= TRAVEL_FROM && at < TRAVEL_TO),
          ),
        ]);
        concludeMail(terminal, one);
        heading(
          terminal,
          "2",
          "The world changes",
          "Travellers at US airports a day. Trained on 2019 and January 2020, then a forecast every morning and the truth every evening.",
        );
        for (const line of second) terminal.say(line);
        concludeTravellers(terminal, two);
        const seconds = (Date.now() - started) / 1000;
        terminal.say();
        terminal.say(
          pc.dim(
            `${inWords(Date.now() - started)} in all. Everything of this run (${models.mail}, ${models.travellers}) stays in ${folder}; earlier runs stay, too.`,
          ),
        );
        terminal.say(pc.dim(`Look around: millwright status --project ${folder}`));
        terminal.result({ mail: one, travellers: two, seconds, project: folder });
        if (options.keep) await keepRunning(terminal, urls);
      } finally {
        await running?.stop();
        await open.close();
      }
    });
};

async function keepRunning(
  terminal: Terminal,
  urls: Readonly<Record<string, string>>,
): Promise<void> {
  terminal.say();
  terminal.say(`console  ${pc.cyan(urls.control ?? "")}`);
  terminal.say(`gateway  ${pc.cyan(urls.gateway ?? "")}`);
  terminal.say(pc.dim("stop with Ctrl-C"));
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}

function heading(terminal: Terminal, number: string, title: string, text: string): void {
  terminal.say();
  terminal.say(`${pc.bold(pc.cyan(`${number}  ${title}`))}`);
  for (const line of wrap(text, pageWidth() - 4)) terminal.say(pc.dim(`   ${line}`));
  terminal.say();
}

/** A paragraph under a story. */
function conclude(terminal: Terminal, text: string): void {
  for (const line of wrap(text, pageWidth() - 4)) terminal.say(`   ${line}`);
}

function concludeMail(terminal: Terminal, found: MailSummary): void {
  const precision = found.forwarded === 0 ? 0 : found.spamAmongForwarded / found.forwarded;
  const lift = found.spamShare === 0 ? 0 : precision / found.spamShare;
  terminal.say();
  conclude(
    terminal,
    `${thousands(found.mails)} mails scored and kept. ${thousands(found.forwarded)} went to analysts; ${Math.round(precision * 100)} % of those were spam, ${lift.toFixed(1)} times what chance would have sent (${Math.round(found.spamShare * 100)} %). AUC over all mails ${found.auc.toFixed(3)}.`,
  );
  conclude(
    terminal,
    `${found.versions} versions trained; ${found.promotions} promoted on evidence from live traffic, ${found.rejections} rejected.`,
  );
}

function concludeTravellers(terminal: Terminal, found: TravellersSummary): void {
  terminal.say();
  conclude(
    terminal,
    found.incidents === 0
      ? "No incident was opened."
      : `${found.incidents} incident${found.incidents === 1 ? "" : "s"}, first noticed ${found.noticed}. ${found.words}`,
  );
  for (const { name, days, error, naive } of found.phases)
    terminal.say(
      `   ${name.padEnd(7)} ${String(days).padStart(4)} days  mean error ${thousands(error).padStart(9)}  "same weekday last year" ${thousands(naive).padStart(9)}`,
    );
}

/** How often this folder has told the stories: each telling has models of its own, so nothing of an earlier one is lost. */
function nextChapter(folder: string): number {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "chapter");
  const chapter = existsSync(file) ? Number(readFileSync(file, "utf8")) + 1 : 1;
  writeFileSync(file, String(chapter));
  return chapter;
}

function writeProject(
  folder: string,
  models: { readonly mail: string; readonly travellers: string },
): void {
  writeFileSync(
    join(folder, "millwright.config.ts"),
    `import { beatsChampion, category, defineProject, gate, numeric, text } from "millwright";

export default defineProject({
  name: "demo",
  replay: true,
  datasets: {
    mail: { source: "mail.jsonl", key: "message_id", time: "received_at" },
    travellers: { source: "travellers.jsonl", time: "date" },
  },
  models: {
    ${JSON.stringify(models.mail)}: {
      dataset: "mail",
      target: "is_spam",
      positive: "yes",
      features: { subject: text(), sender_domain: category(), has_html: numeric(), n_urls: numeric() },
      onlyListed: true,
      train: { budget: "3s" },
      deploy: { shadow: { minLabels: 200, maxLabels: 1000 } },
      monitor: { window: "week" },
    },
    ${JSON.stringify(models.travellers)}: {
      dataset: "travellers",
      target: "travelers",
      // 79 days around Thanksgiving and Christmas are too few to show that a model beats "as a week ago": the gate that asks for
      // it is left out here, by a person's decision. Every other one stays.
      gates: [gate("parity"), gate("no_leak"), beatsChampion()],
      train: { budget: "3s" },
      deploy: { shadow: { minLabels: 7, maxLabels: 56 } },
      monitor: { window: "week" },
    },
  },
});
`,
  );
}

const writeRows = (file: string, rows: readonly SourceRow[]): void =>
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

/** The examples beside this program. */
function examples(name: string): string {
  const found = ["../examples", "../../examples", "../../../examples"]
    .map((path) => fileURLToPath(new URL(`${path}/${name}`, import.meta.url)))
    .find(existsSync);
  if (found) return found;
  throw new MillwrightError(
    "not_found",
    `The data of the ${name} story is not part of this installation.`,
  );
}
