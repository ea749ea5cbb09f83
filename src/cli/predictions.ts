import { copyFile } from "node:fs/promises";
import { Option } from "commander";
import { MillwrightError } from "../errors.ts";
import { durationMs } from "../lib/duration.ts";
import { erasePredictions } from "../pipelines/erase-predictions.ts";
import type { Platform } from "../pipelines/platform.ts";
import { logTable, TABLE_COLUMNS } from "../serving/log/log-table.ts";
import { ANSWERING, type LoggedPrediction, type LogQuery, VARIANTS } from "../serving/log/query.ts";
import { predictionDetail, predictionView } from "../serving/log/view.ts";
import { parseTime } from "../table/time.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { lookAt } from "./look-at.ts";
import { modelNamed } from "./model-argument.ts";
import { renderPrediction, renderPredictions } from "./render-predictions.ts";
import { versionNamed } from "./version-view.ts";

interface PredictionsOptions extends GlobalOptions {
  readonly since?: string;
  readonly until?: string;
  readonly id?: string;
  readonly key?: string;
  readonly ofVersion?: string;
  readonly variant?: string;
  readonly label?: string;
  readonly abstained?: boolean;
  readonly withTruth?: boolean;
  readonly limit: string;
  readonly out?: string;
  readonly eraseKey?: string;
  readonly reason?: string;
}

export const predictions: CommandOf = (program, context) => {
  program
    .command("predictions")
    .argument("[model]", "may be left out when the project has one")
    .option("--since <when>", "event time from here on: 1h, 7d, or ISO 8601")
    .option("--until <when>", "event time before that")
    .option("--id <id>", "one prediction, with its row and what came of it")
    .option("--key <key>", "only about this entity")
    .option("--of-version <version>", "only of this version: number or alias")
    .addOption(new Option("--variant <variant>", "only answered so").choices([...VARIANTS, "all"]))
    .option("--label <label>", "only those for which the model leaned to this")
    .option("--abstained", "only those where it said nothing")
    .option("--with-truth", "only those of which is known what really happened")
    .option("--limit <n>", "at most so many, newest first", "20")
    .option("--out <file.parquet>", "all of them into a file")
    .option("--erase-key <key>", "erase all predictions about this entity, for ever")
    .option("--reason <words>", "why, for the event log")
    .action(async (name: string | undefined, _: unknown, command) => {
      const options: PredictionsOptions = command.optsWithGlobals();
      await lookAt(context, options, async ({ platform, now, width }) => {
        const model = await loggedModel(platform, name);
        const numbers = new Map(
          (await platform.registry.versions(model)).map(({ id, number }) => [id, number]),
        );
        if (options.eraseKey !== undefined) return erase(platform, model, options);
        if (options.id !== undefined) {
          const found = await platform.predictions.find({ model, id: options.id });
          if (!found)
            throw new MillwrightError(
              "not_found",
              `The log of ${model} has no prediction "${options.id}".`,
            );
          const detail = predictionDetail(found, numbers);
          return { lines: renderPrediction(detail, width), result: detail };
        }
        const query = await queryOf(platform, model, options, now);
        if (options.out !== undefined) {
          const rows = await writeAll(platform, query, options.out);
          return {
            lines: [`${rows.toLocaleString("en-US")} predictions → ${options.out}`],
            result: { model, rows, out: options.out },
          };
        }
        const page = await platform.predictions.page({ ...query, limit: limitOf(options.limit) });
        const shown = page.predictions.map((p) => predictionView(p, numbers));
        return {
          lines: renderPredictions(shown, { now, width, more: page.next !== undefined }),
          result: { model, predictions: shown, next: page.next ?? null },
        };
      });
    });
};

/** A model that was imported, or is no longer in the project, has a log as well. */
const loggedModel = async (platform: Platform, name: string | undefined): Promise<string> =>
  name !== undefined && (await platform.registry.models()).includes(name)
    ? name
    : modelNamed(platform, name);

async function queryOf(
  platform: Platform,
  model: string,
  options: PredictionsOptions,
  now: number,
): Promise<LogQuery> {
  const { key, label, abstained, withTruth, variant, ofVersion } = options;
  return {
    ...{ model, key, label, abstained, withFeedback: withTruth },
    from: options.since === undefined ? Number.MIN_SAFE_INTEGER : momentOf(options.since, now),
    to: options.until === undefined ? Number.MAX_SAFE_INTEGER : momentOf(options.until, now),
    version:
      ofVersion === undefined ? undefined : (await versionNamed(platform, model, ofVersion)).id,
    variant:
      variant === "all" ? VARIANTS : (VARIANTS.find((known) => known === variant) ?? ANSWERING),
  };
}

function momentOf(text: string, now: number): number {
  const ago = durationMs(text);
  const at = ago === undefined ? parseTime(text) * 1000 : now - ago;
  if (Number.isFinite(at)) return at;
  throw new MillwrightError(
    "invalid_input",
    `"${text}" is no time: write 1h or 7d (that long ago), or 2026-05-01T12:00.`,
  );
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 10_000) return limit;
  throw new MillwrightError(
    "invalid_input",
    `--limit ${text}: a whole number from 1 to 10000 is needed; all of them go into a file with --out.`,
  );
}

async function erase(platform: Platform, model: string, options: PredictionsOptions) {
  const { eraseKey: key = "", reason } = options;
  if (key === "" || reason === undefined)
    throw new MillwrightError(
      "invalid_input",
      "Erasing needs a key that is not empty, and --reason: the event log keeps who was asked to erase and why (not the key).",
    );
  const erased = await erasePredictions(platform, { model, key, reason, by: "command line" });
  const words = `${erased.predictions.toLocaleString("en-US")} predictions erased, with their feedback. Files that held them are deleted within the hour; what gateways have not shipped yet is dropped on the way.`;
  return { lines: [words], result: { model, ...erased } };
}

/** In bounded memory, segment by segment. */
async function writeAll(platform: Platform, query: LogQuery, out: string): Promise<number> {
  if (!out.endsWith(".parquet"))
    throw new MillwrightError("invalid_input", `--out ${out}: the file is Parquet; call it so.`);
  const writer = await platform.columns.writer(TABLE_COLUMNS);
  try {
    for await (const batch of platform.predictions.scan(query))
      for (const part of partsOf(batch)) await writer.append(logTable(part));
  } catch (error) {
    await writer.abort();
    throw error;
  }
  const file = await writer.finish();
  await copyFile(file.path, out).finally(() => file.discard());
  return file.rows;
}

function* partsOf(batch: readonly LoggedPrediction[]): Generator<readonly LoggedPrediction[]> {
  for (let at = 0; at < batch.length; at += 5000) yield batch.slice(at, at + 5000);
}
