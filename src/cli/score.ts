import { resolve } from "node:path";
import pc from "picocolors";
import { MillwrightError } from "../errors.ts";
import { inWords } from "../lib/duration.ts";
import type { ScoreInput, ScoreOutcome } from "../pipelines/score.ts";
import { capacityOf } from "../scoring/forwarding.ts";
import { checkPlace } from "./check-place.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { followRun } from "./follow-run.ts";
import { modelNamed } from "./model-argument.ts";
import type { Terminal } from "./terminal.ts";
import { versionNamed } from "./version-view.ts";

interface ScoreOptions {
  readonly out: string;
  readonly with?: string;
  readonly workers?: string;
  readonly explain?: string | true;
  readonly top?: string;
  readonly capacity?: string;
  readonly forward?: string | true;
  readonly detach?: boolean;
}

/** As many as `reasonsOf` tells. */
const MOST_REASONS = 3;

export const score: CommandOf = (program, context) => {
  program
    .command("score")
    .argument("<model>")
    .argument("<file>", "csv, tsv, jsonl (each also .gz) or parquet; a glob for many")
    .requiredOption("-o, --out <file>", "where the scored rows go: .parquet, .csv or .jsonl")
    .option(
      "--with <version>",
      "a version's number or alias, for every row (default: the champion, and the members of its family)",
    )
    .option("--workers <n>", "at most so many threads at once (default: one per core)")
    .option("--explain [n]", "a column with the n main reasons of each answer (1 to 3, default 3)")
    .option("--top <n>", "the n highest scores also as a list of their own")
    .option(
      "--capacity <n/period>",
      "hand the highest scores on: each row once, never more than 40/hour, 500/day",
    )
    .option("--forward [to]", "hand on as the project says, or to this destination")
    .option("--detach", "start the run and return its id at once")
    .option("--follow", "wait until it is done (the default)")
    .action(async (model: string, file: string, options: ScoreOptions, command) => {
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const out = resolve(options.out);
      await checkPlace(out);
      const wishes = wishesOf(options);
      const open = await context.open(global, options.detach ? "no" : "if-needed");
      try {
        const { platform } = open;
        const name = (await platform.registry.models()).includes(model)
          ? model
          : await modelNamed(platform, model);
        const version = await versionNamed(platform, name, options.with ?? "champion");
        const { definition } = await platform.project();
        const forward = forwardOf(options, definition.models[name]?.forward);
        const input: ScoreInput = {
          ...{ model: name, source: file, folder: process.cwd(), out, ...wishes },
          ...(options.with === undefined ? {} : { version: version.id }),
          ...(forward ? { forward } : {}),
        };
        const runId = await platform.engine.submit("score", input);
        if (options.detach) {
          terminal.say(`Run ${runId} is queued. Follow it with: millwright show ${runId}`);
          terminal.result({ run: runId });
          return;
        }
        const started = Date.now();
        const outcome = (await followRun(platform, terminal, runId)) as unknown as ScoreOutcome;
        tell(terminal, outcome, Date.now() - started);
        terminal.result({ run: runId, ...outcome, version: outcome.number });
      } finally {
        await open.close();
      }
    });
};

function tell(terminal: Terminal, done: ScoreOutcome, ms: number): void {
  const { partsFound, parts } = done;
  const found =
    partsFound === 0
      ? ""
      : partsFound === parts
        ? " (all of it was known already)"
        : ` (${partsFound} of ${parts} parts were known already)`;
  terminal.say(
    `${pc.bold(done.rows.toLocaleString("en-US"))} rows scored by ${done.model} version ${done.number} in ${inWords(ms)}${found}: ${done.out}`,
  );
  if (done.rejected > 0)
    terminal.say(
      pc.yellow(
        `${done.rejected.toLocaleString("en-US")} rows could not be scored; each with its reason: ${done.rejectedFile}`,
      ),
    );
  for (const line of answeredLines(done)) terminal.say(line);
  const { forwarded } = done;
  if (!forwarded) return;
  const where = forwarded.file === null ? "" : `: ${forwarded.file}`;
  if (forwarded.to === null) terminal.say(`The ${forwarded.rows} highest${where}`);
  else
    terminal.say(
      `${forwarded.rows} rows handed on to ${forwarded.to}${where}. Room for ${forwarded.capacityLeft} more until the period ends.`,
    );
}

/** Of a family: who answered how many rows. */
function answeredLines({ answered, model, number }: ScoreOutcome): string[] {
  if (answered === undefined) return [];
  const { levels, stoodIn, training } = answered;
  const rows = (n: number) => n.toLocaleString("en-US").padStart(12);
  const whose = (columns: readonly string[]) =>
    columns.length === 0
      ? `${model} version ${number}, the model everybody shares`
      : `members by ${columns.join(", ")}`;
  return [
    `Answered, with the members as they were after training ${training} of the family:`,
    ...levels.map(({ columns, rows: n }) => `${rows(n)}  ${whose(columns)}`),
    ...(stoodIn === 0
      ? []
      : [
          pc.yellow(
            `${rows(stoodIn)}  of these because the file of their member could not be loaded; train it again: millwright train ${model} --members <member>`,
          ),
        ]),
  ];
}

function wishesOf({ workers, explain, top }: ScoreOptions) {
  const lanes = wholeNumber("--workers", workers, 256);
  const reasons = explain === true ? 3 : wholeNumber("--explain", explain, MOST_REASONS);
  const most = wholeNumber("--top", top, 10_000_000);
  return {
    ...(lanes === undefined ? {} : { lanes }),
    ...(reasons === undefined ? {} : { reasons }),
    ...(most === undefined ? {} : { top: most }),
  };
}

function wholeNumber(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new MillwrightError(
    "invalid_input",
    `${option} ${text}: a whole number from 1 to ${most.toLocaleString("en-US")} is needed.`,
  );
}

/** What was asked for here wins over what the project says of the model. */
function forwardOf(
  { capacity, forward }: ScoreOptions,
  defined: ScoreInput["forward"],
): ScoreInput["forward"] {
  if (capacity === undefined && forward === undefined) return undefined;
  const rows = capacity ?? defined?.capacity;
  const to = (typeof forward === "string" ? forward : defined?.to) ?? "analysts";
  if (rows === undefined)
    throw new MillwrightError(
      "invalid_input",
      `How many may be handed on? Add --capacity 40/hour, or forward: { to: "${to}", capacity: "40/hour" } to the model in millwright.config.ts.`,
    );
  if (!capacityOf(rows))
    throw new MillwrightError(
      "invalid_input",
      `--capacity ${rows}: write such as 40/hour, 500/day or 20/15m.`,
    );
  return { to, capacity: rows };
}
