import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, parse } from "node:path";
import { MillwrightError } from "../errors.ts";
import type { Digest } from "../lib/digest.ts";
import type { ImportOptions } from "../onnx/import-onnx.ts";
import type { AdoptInput, AdoptOutcome } from "../pipelines/adopt-version.ts";
import { definedModel } from "../pipelines/defined-model.ts";
import type { ModelFiles } from "../pipelines/fetch-logged-model.ts";
import { type ImportedModel, importModel } from "../pipelines/import-model.ts";
import type { Platform } from "../pipelines/platform.ts";
import type { CliContext, CommandOf, GlobalOptions } from "./command.ts";
import { followRun } from "./follow-run.ts";
import { keepOutOfGit } from "./keep-out-of-git.ts";
import { type ModelOnDisk, readModelFile } from "./model-file-folder.ts";
import { renderAdoption, renderImport } from "./render-import.ts";
import { pageWidth } from "./render-text.ts";

interface Options extends GlobalOptions {
  readonly name?: string;
  readonly columns?: string;
  readonly task?: string;
  readonly classes?: string;
  readonly positive?: string;
  readonly target?: string;
  readonly reason?: string;
  readonly promote: boolean;
  readonly evaluate?: boolean;
}

export const importCommand: CommandOf = (program, context) => {
  program
    .command("import")
    .argument("<file>", "an ONNX file")
    .option("--name <model>", "the model it becomes a version of (default: the file's name)")
    .option(
      "--columns <names>",
      "names of its columns, comma-separated, in the order of its inputs",
    )
    .option(
      "--task <task>",
      "binary, multiclass, regression, or tensors (default: as its outputs say)",
    )
    .option(
      "--classes <names>",
      "names of the classes, comma-separated, in the order of its scores",
    )
    .option(
      "--positive <class>",
      "the class whose probability is given (default: the second of two)",
    )
    .option("--target <name>", "what it predicts (default: the name of its output)")
    .option("--reason <text>", "why it shall be champion, also where the model has one")
    .option("--no-promote", "keep it, without letting it answer")
    .option(
      "--evaluate",
      "judge it as a trained version is: on the project's held-out rows, by the gates, against the champion",
    )
    .action(async (path: string, _: unknown, command: { optsWithGlobals(): Options }) => {
      const options = command.optsWithGlobals();
      const terminal = context.terminal(options);
      if (options.evaluate && (!options.promote || options.reason !== undefined))
        throw new MillwrightError(
          "invalid_input",
          "--evaluate: what becomes of it is decided by its gates. Leave out --no-promote and --reason, or --evaluate.",
        );
      const { file, bytes, external } = readModelFile(path);
      const model = options.name ?? parse(file).name;
      const wishes = { ...wishesOf(options), external };
      const made = options.evaluate ? undefined : makeProject(context, options);
      if (made) terminal.note(`${made} is new: a project without data, for imported models`);
      const open = await context.open(options, options.evaluate ? "if-needed" : "no");
      try {
        if (options.evaluate) {
          const { platform } = open;
          definedModel((await platform.project()).definition, model);
          const run = await submitImport(platform, { model, file, bytes, external, wishes });
          const outcome = (await followRun(platform, terminal, run)) as unknown as AdoptOutcome;
          terminal.result({ run, ...outcome });
          for (const line of renderAdoption(outcome, pageWidth())) terminal.say(line);
          if (!outcome.servable) throw new MillwrightError("invalid_model", outcome.decision);
          return;
        }
        terminal.progress(`trying ${file}`);
        const imported = await importModel(open.platform, {
          ...{ model, file, bytes, options: wishes, reason: options.reason },
          promote: !options.promote ? "never" : options.reason === undefined ? "first" : "always",
        });
        terminal.done();
        const { gatewayPort } = context.config(options);
        for (const line of renderImport(imported, gatewayPort, pageWidth())) terminal.say(line);
        terminal.result(resultOf(imported));
      } finally {
        await open.close();
      }
    });
};

/** Hands a file to the pipeline that judges it. Its bytes become blobs: whichever process executes the run can read them. */
async function submitImport(
  { engine, blobs }: Pick<Platform, "engine" | "blobs">,
  given: Pick<ModelOnDisk, "file" | "bytes" | "external"> & {
    readonly model: string;
    readonly wishes: ImportOptions;
  },
): Promise<string> {
  const { model, file, bytes } = given;
  const { external: _, ...wishes } = given.wishes;
  const external: Record<string, Digest> = {};
  for (const [location, data] of given.external) external[location] = await blobs.put(data);
  const files = { file, onnx: await blobs.put(bytes), external, wishes } as ModelFiles;
  return engine.submit("adopt", { model, files } satisfies AdoptInput);
}

const TASKS = ["binary", "multiclass", "regression", "tensors"] as const;

function wishesOf(options: Options): ImportOptions {
  const task = TASKS.find((known) => known === options.task);
  if (options.task !== undefined && task === undefined)
    throw new MillwrightError(
      "invalid_input",
      `--task ${options.task}: should be one of ${TASKS.join(", ")}.`,
    );
  const list = (text: string | undefined) => text?.split(",").map((name) => name.trim());
  const { positive, target } = options;
  const given = {
    columns: list(options.columns),
    classes: list(options.classes),
    task,
    positive,
    target,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** An imported model needs no data; what it needs is a place where it is kept. Answers the file that was written. */
function makeProject(context: CliContext, options: GlobalOptions): string | undefined {
  const folder = context.config(options).project;
  const config = join(folder, "millwright.config.ts");
  if (existsSync(config)) return undefined;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    config,
    `import { defineProject } from "millwright";\n\n// For imported models. Models that are trained here need a dataset: millwright init <file> --target <column>\nexport default defineProject({ datasets: {}, models: {} });\n`,
  );
  keepOutOfGit(folder);
  return config;
}

const resultOf = ({ version, promoted, previous }: ImportedModel) => ({
  model: version.model,
  number: version.number,
  id: version.id,
  onnx: version.onnx,
  promoted,
  previous: previous ?? null,
  signature: version.signature,
  origin: version.origin,
});
