import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import pc from "picocolors";
import { MillwrightError } from "../errors.ts";
import { inWords } from "../lib/duration.ts";
import { scoreSource } from "../pipelines/score-source.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { modelNamed } from "./model-argument.ts";
import { addedNames, scoreOutput } from "./score-output.ts";
import { versionNamed } from "./version-view.ts";

export const score: CommandOf = (program, context) => {
  program
    .command("score")
    .argument("<model>")
    .argument("<file>", "csv, tsv, jsonl (each also .gz) or parquet; a glob for many")
    .requiredOption("-o, --out <file>", "where the scored rows go: .csv, .jsonl or .parquet")
    .option("--with <version>", "a version's number or alias", "champion")
    .action(async (model: string, file: string, options, command) => {
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const open = await context.open(global, "no");
      try {
        const { platform } = open;
        const name = await modelNamed(platform, model);
        const version = await versionNamed(platform, name, options.with);
        const { definition } = await platform.project();
        const datasetName = definition.models[name]?.dataset ?? name;
        const header = definition.datasets[datasetName]?.header;
        const dataset =
          version.dataset && (await platform.datasets.find(datasetName, version.dataset));
        const source = await platform.columns.inspect({
          uri: file,
          folder: process.cwd(),
          ...(header ? { header: header.slice(0) } : {}),
        });
        const known = version.signature.columns.filter((column) =>
          source.names.includes(column.name),
        );
        if (known.length === 0)
          throw new MillwrightError(
            "invalid_data",
            `${file} has none of the columns the model reads (${version.signature.columns
              .map((c) => c.name)
              .slice(0, 10)
              .join(", ")}); it has ${source.names.slice(0, 10).join(", ")}.`,
          );
        const added = addedNames(version.signature, source.names);
        const out = resolve(options.out);
        const output = await scoreOutput(out, platform.columns, { names: source.names, added });
        const rejected: string[] = [];
        const started = Date.now();
        let done = 0;
        const totals = await scoreSource(platform, {
          ...{ version, source, dataset: dataset || undefined },
          async onRows(rows) {
            await output.write(rows);
            done += rows.length;
            terminal.progress(`${done.toLocaleString("en-US")} rows`);
          },
          async onRejected(uri, rows) {
            for (const row of rows) rejected.push(JSON.stringify({ file: uri, ...row }));
          },
        }).catch(async (error: unknown) => {
          await output.abort();
          throw error;
        });
        await output.finish();
        const aside = `${out}.rejected.jsonl`;
        if (rejected.length > 0) await writeFile(aside, `${rejected.join("\n")}\n`);
        terminal.done();
        const ms = Date.now() - started;
        terminal.say(
          `${pc.bold(totals.rows.toLocaleString("en-US"))} rows scored by ${name} version ${version.number} in ${inWords(ms)}: ${out}`,
        );
        if (totals.rejected > 0)
          terminal.say(
            pc.yellow(`${totals.rejected} rows could not be read; each with its reason: ${aside}`),
          );
        terminal.result({
          ...totals,
          model: name,
          version: version.number,
          out,
          rejectedFile: totals.rejected > 0 ? aside : null,
        });
      } finally {
        await open.close();
      }
    });
};
