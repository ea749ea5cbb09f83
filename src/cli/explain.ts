import { MillwrightError } from "../errors.ts";
import { backgroundRows } from "../explanation/background.ts";
import { explainModel } from "../explanation/explain-model.ts";
import { loadExplainer } from "../explanation/load-explainer.ts";
import { readBackground } from "../pipelines/read-background.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { lookAt } from "./look-at.ts";
import { modelNamed } from "./model-argument.ts";
import { importanceLines } from "./render-explanation.ts";
import { readRows } from "./row-files.ts";
import { versionNamed } from "./version-view.ts";

export const explain: CommandOf = (program, context) => {
  program
    .command("explain")
    .argument("[model]", "may be left out when the project has one")
    .option("--rows <file>", "explain these rows (JSON) instead of rows of the training data")
    .option(
      "--background <file>",
      "rows to compare with (csv, jsonl, parquet), for a model that kept none",
    )
    .option("--with <version>", "a version's number or alias", "champion")
    .action(async (argument: string | undefined, options, command) => {
      const global: GlobalOptions = command.optsWithGlobals();
      await lookAt(context, global, async ({ platform, width }) => {
        const model = await modelNamed(platform, argument);
        const version = await versionNamed(platform, model, options.with);
        const against = options.background
          ? await readBackground(platform, {
              ...{ file: options.background, folder: process.cwd() },
              signature: version.signature,
            })
          : undefined;
        const { about: explainer, session } = await loadExplainer(platform, version, against);
        try {
          const { background, signature } = explainer;
          if (!options.rows && background.kind !== "rows")
            throw new MillwrightError(
              "invalid_input",
              `No rows were kept with ${model} version ${version.number}: say which to explain with --rows <file>, or which to compare with as well with --background <file>.`,
            );
          const rows = options.rows
            ? readRows(options.rows)
            : backgroundRows(signature, background.table);
          const importance = await explainModel(
            { breathe: async () => undefined },
            { explainer, rows, runs: RUNS },
          );
          return {
            lines: importanceLines({ model, version: version.number, importance }, width),
            result: { model, version: version.number, ...importance },
          };
        } finally {
          await session.close();
        }
      });
    });
};

/** Runs for one row of a model that has to be run: errors of single rows average out. */
const RUNS = 1000;
