import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import pc from "picocolors";
import { exportTrainingRows } from "../pipelines/export-training-rows.ts";
import { checkPlace } from "./check-place.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { trainedModelNamed } from "./model-argument.ts";
import { counted, labelled, pageWidth } from "./render-text.ts";

export const split: CommandOf = (program, context) => {
  program
    .command("split")
    .argument("[model]", "which model of the project (may be left out when there is one)")
    .requiredOption("-o, --out <file>", "where the rows go: .parquet, .csv or .jsonl")
    .action(async (named: string | undefined, given: { readonly out: string }, command) => {
      const options = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(options);
      const out = resolve(given.out);
      await checkPlace(out);
      const open = await context.open(options, "no");
      try {
        const { platform } = open;
        const model = await trainedModelNamed(platform, named);
        const step = {
          signal: { aborted: false },
          progress: (message: string) => terminal.progress(message),
        };
        const done = await exportTrainingRows(platform, { model, out, step, token: randomUUID() });
        terminal.done();
        const width = pageWidth();
        terminal.say(
          `${pc.bold(counted(done.rows, "row"))} to learn from: ${out}. ${counted(done.heldOut, "row")} are held out and judge every version of ${model}.`,
        );
        for (const line of labelled("split", done.split, width)) terminal.say(line);
        terminal.result({ ...done, out });
      } finally {
        await open.close();
      }
    });
};
