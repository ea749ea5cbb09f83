import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { MillwrightError } from "../errors.ts";
import { isName, NAME_RULE } from "../lib/name.ts";
import { duckdbColumns } from "../storage/columns/duckdb.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { type Inspected, type InspectRequest, inspectSource } from "./inspect-source.ts";
import { keepOutOfGit } from "./keep-out-of-git.ts";
import { likelyTargets } from "./likely-targets.ts";
import { datasetNameOf, modelNameOf, projectText, slug } from "./project-text.ts";
import { balanceInWords, renderInit, renderTargets, shellWord } from "./render-inference.ts";
import { pageWidth } from "./render-text.ts";
import type { Terminal } from "./terminal.ts";

interface InitOptions extends GlobalOptions {
  readonly target?: string;
  readonly dir?: string;
  readonly name?: string;
  /** false: `--no-time`, split at random. */
  readonly time?: string | false;
  readonly key?: string | false;
  readonly positive?: string;
  readonly header?: string;
  readonly force?: boolean;
}

const CONFIG = "millwright.config.ts";

export const init: CommandOf = (program, context) => {
  program
    .command("init")
    .argument("<file>", "csv, tsv, jsonl (each also .gz) or parquet; a glob in quotes")
    .option("-t, --target <column>", "the column to be predicted")
    .option("--dir <folder>", "the project's folder (default: the working folder)")
    .option("--name <model>", "the model's name (default: after the target)")
    .option("--time <column>", "says when a row happened: the newest rows are the test")
    .option("--no-time", "take no column for the time: split at random")
    .option("--key <column>", "names the row, or whom it is about")
    .option("--no-key", "take no column for the key")
    .option("--positive <class>", "the class whose probability is reported")
    .option("--header <names>", "column names, comma-separated, for a file without a header line")
    .option("--force", `overwrite an existing ${CONFIG}`)
    .action(async (file: string, _: unknown, command: { optsWithGlobals(): InitOptions }) => {
      const options = command.optsWithGlobals();
      await start(file, options, context.terminal(options));
    });
};

async function start(file: string, options: InitOptions, out: Terminal): Promise<void> {
  const folder = resolve(options.dir ?? options.project ?? ".");
  const config = join(folder, CONFIG);
  if (options.target !== undefined) refuseOverwrite(config, options);
  const uri = relativeTo(folder, file);
  const inspected = await look(
    {
      uri: file,
      folder: process.cwd(),
      header: options.header?.split(",").map((name) => name.trim()),
      target: options.target,
      time: options.time || undefined,
      key: options.key || undefined,
    },
    out,
  );
  if (options.target === undefined) return askForTarget(file, inspected, out);
  refuseOverwrite(config, options);

  const { inference, source } = inspected;
  const target = inference.target!;
  const positive = options.positive ?? target.positive;
  if (positive !== undefined && !target.classes.includes(positive))
    throw new MillwrightError(
      "invalid_input",
      target.task === "binary"
        ? `--positive ${JSON.stringify(positive)}: "${target.target}" is one of ${target.classes.map((c) => JSON.stringify(c)).join(" and ")}.`
        : `--positive is for a target of two classes; "${target.target}" is ${target.task}.`,
    );
  const dataset = datasetNameOf(file);
  const model = nameOf(options.name, target.target, dataset);
  const time = options.time === false ? undefined : inference.time?.column;
  const key = options.key === false ? undefined : inference.key?.column;
  const text = projectText({
    command: `millwright init ${shellWord(file)} --target ${shellWord(target.target)}`,
    ...{ dataset, model, source: uri, key, time, positive },
    header: source.format === "csv" && !source.hasHeader ? source.names : undefined,
    ...{ target: target.target, task: target.task, columns: inference.columns },
    targetNote: balanceInWords(inspected) || target.reason,
  });
  mkdirSync(folder, { recursive: true });
  const gitignore = keepOutOfGit(folder);
  writeFileSync(config, text);
  const place = relative(process.cwd(), folder);
  const shown = (name: string) => (place === "" ? name : join(place, name));
  const written = [shown(CONFIG), ...(gitignore ? [`${shown(".gitignore")} (.millwright/)`] : [])];
  const next = `millwright train ${model}${place === "" ? "" : ` --project ${shellWord(place)}`}`;
  for (const line of renderInit(
    { inspected, uri: file, time, key, model, written, next },
    pageWidth(),
  ))
    out.say(line);
  out.result({
    ...{ project: config, dataset, model, source: uri, rows: inspected.rows, key, time, positive },
    ...{ classes: inspected.classes, unreadable: inspected.unreadable, notes: source.notes },
    inference,
    next,
  });
}

async function look(request: InspectRequest, out: Terminal): Promise<Inspected> {
  const scratch = mkdtempSync(join(tmpdir(), "millwright-init-"));
  try {
    const columns = await duckdbColumns({ scratch });
    try {
      out.progress(`reading ${request.uri}`);
      return await inspectSource(columns, request);
    } finally {
      out.done();
      await columns.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Exit code 2: the command cannot be carried out as it was given. */
function askForTarget(file: string, inspected: Inspected, out: Terminal): void {
  const { inference, distinct } = inspected;
  const likely = likelyTargets(inference.columns, (name) => distinct.get(name));
  const command = `millwright init ${shellWord(file)}`;
  for (const line of renderTargets(inspected, { uri: file, likely, command }, pageWidth()))
    out.say(line);
  out.result({ rows: inspected.rows, columns: inference.columns, likelyTargets: likely });
  process.exitCode = 2;
}

function refuseOverwrite(config: string, { force }: InitOptions): void {
  if (force || !existsSync(config)) return;
  throw new MillwrightError(
    "conflict",
    `${config} is there already. Edit it, choose another folder with --dir, or overwrite it with --force.`,
  );
}

function nameOf(wanted: string | undefined, target: string, dataset: string): string {
  if (wanted === undefined) return modelNameOf(target, dataset);
  if (isName(wanted)) return wanted;
  throw new MillwrightError(
    "invalid_input",
    `--name ${JSON.stringify(wanted)}: use ${NAME_RULE}${slug(wanted) === "" ? "" : `, such as "${slug(wanted)}"`}.`,
  );
}

/** As it is written into the project: relative to it, with `/`; absolute only on another drive. */
function relativeTo(folder: string, file: string): string {
  const path = relative(folder, resolve(file));
  return isAbsolute(path) ? path : path.split(sep).join("/");
}
