import pc from "picocolors";
import { client, RequestError } from "../../sdk/src/client.ts";
import { type Cell, type Prediction, serving } from "../../sdk/src/contract/serving.ts";
import type { Config } from "../config.ts";
import { MillwrightError } from "../errors.ts";
import { answerHere } from "../pipelines/answer-here.ts";
import { explainHere } from "../pipelines/explain-here.ts";
import type { Platform } from "../pipelines/platform.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import type { RawRow } from "../serving/rows.ts";
import type { CommandOf, GlobalOptions } from "./command.ts";
import { refuseMember } from "./model-argument.ts";
import { suggestion } from "./near-names.ts";
import { whyAbstained } from "./render-abstention.ts";
import { explanationLines } from "./render-explanation.ts";
import { cut } from "./render-text.ts";
import { type Row, readRows, rowOfJson } from "./row-files.ts";
import { meter } from "./terminal.ts";
import { versionNamed } from "./version-view.ts";

export const predict: CommandOf = (program, context) => {
  program
    .command("predict")
    .argument("[model]", "may be left out when the project has one")
    .argument("[fields...]", "name=value of the row's columns, or the row as one JSON object")
    .option("--rows <file>", "rows as a JSON array, or one JSON object a line; - reads stdin")
    .option("--explain", "say why: what each column added, and the strongest reasons in words")
    .option("--with <version>", "a version's number or alias", "champion")
    .action(async (first: string | undefined, rest: string[], options, command) => {
      const global = command.optsWithGlobals() as GlobalOptions;
      const terminal = context.terminal(global);
      const open = await context.open(global, "no");
      try {
        const { platform } = open;
        const defined = Object.keys((await platform.project()).definition.models);
        const known = [...new Set([...defined, ...(await platform.registry.models())])];
        const named = first !== undefined && (known.includes(first) || !first.includes("="));
        if (named && !known.includes(first)) await refuseMember(platform, first);
        const model = modelOf(known, named ? first : undefined, defined);
        const version = await versionNamed(platform, model, options.with);
        const rows = options.rows
          ? readRows(options.rows)
          : [withLists(version, fieldsOf(named ? rest : [first ?? "", ...rest].filter(Boolean)))];
        await checkNames(platform, version, rows);
        const { predictions, logged } = await ask(platform, context.config(global), {
          model,
          version,
          rows,
          champion: options.with === "champion",
          explain: Boolean(options.explain),
        });
        terminal.result({ model, logged, predictions });
        for (const prediction of predictions) {
          sayPrediction(terminal.say, version, prediction);
          for (const line of explanationLines(prediction)) terminal.say(line);
        }
        if (!logged && options.with === "champion" && (await hasMembers(platform, model)))
          terminal.say(
            pc.yellow(
              `answered by the model that all members of ${model} share: only a gateway asks the members (millwright up; many rows: millwright score)`,
            ),
          );
        terminal.say(
          pc.dim(
            logged
              ? `kept in the prediction log as ${predictions
                  .map(({ id }) => id)
                  .slice(0, 3)
                  .join(", ")}`
              : "not kept: no gateway is up (millwright up); answered by this command itself",
          ),
        );
      } finally {
        await open.close();
      }
    });
};

const hasMembers = async ({ families }: Platform, model: string): Promise<boolean> =>
  (await families.countMembers(model, { stands: true })) > 0;

function modelOf(
  known: readonly string[],
  name: string | undefined,
  defined: readonly string[],
): string {
  if (name !== undefined && known.includes(name)) return name;
  const own = defined.length > 0 ? defined : known;
  if (name === undefined && own.length === 1) return own[0]!;
  throw new MillwrightError(
    "invalid_input",
    name === undefined
      ? `Which model? The project has: ${own.join(", ") || "none"}.`
      : `The project has no model "${name}". ${suggestion(name, known, "models")} A field is written name=value.`,
  );
}

/** Columns of lists are written as JSON: `pixels=[[0,1],[1,0]]`. */
function withLists({ signature }: ModelVersion, row: Row): Row {
  const lists = new Set(signature.columns.flatMap((c) => (c.role === "tensor" ? [c.name] : [])));
  const read = ([name, text]: [string, Cell]): [string, Cell] => {
    if (!lists.has(name)) return [name, text];
    try {
      return [name, JSON.parse(String(text))];
    } catch (cause) {
      const what = `${name}=${String(text).slice(0, 60)}: should be a nested list, as JSON.`;
      throw new MillwrightError("invalid_input", what, { cause });
    }
  };
  return Object.fromEntries(Object.entries(row).map(read));
}

function fieldsOf(fields: readonly string[]): Row {
  const [only = ""] = fields;
  if (fields.length === 1 && only.startsWith("{")) return rowOfJson(only);
  const row: Record<string, string> = {};
  for (const field of fields) {
    const at = field.indexOf("=");
    if (at < 1)
      throw new MillwrightError("invalid_input", `"${field}" is no field: write it as name=value.`);
    row[field.slice(0, at)] = field.slice(at + 1);
  }
  if (fields.length === 0)
    throw new MillwrightError(
      "invalid_input",
      "Which row? Give its columns as name=value, or a file with --rows.",
    );
  return row;
}

/** A misspelt column would silently be a missing value. Columns of the data that the model does not read may stand in a row. */
async function checkNames(
  platform: Platform,
  version: ModelVersion,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length !== 1) return;
  const { definition } = await platform.project();
  const dataset = definition.models[version.model]?.dataset;
  const read = version.signature.columns.map((column) => column.name);
  const data =
    dataset && version.dataset && (await platform.datasets.find(dataset, version.dataset));
  const carried = data ? data.schema.columns.map((column) => column.name) : [];
  const known = new Set([...read, ...carried]);
  for (const name of Object.keys(rows[0]!))
    if (!known.has(name))
      throw new MillwrightError(
        "invalid_input",
        `The data has no column "${name}". ${suggestion(name, read, "columns")}`,
      );
}

/** Through the gateway of `millwright up`, so that the answer is kept; else by this process. */
async function ask(
  platform: Platform,
  { gatewayPort, token }: Config,
  input: {
    readonly model: string;
    readonly version: ModelVersion;
    readonly rows: readonly Row[];
    readonly champion: boolean;
    readonly explain: boolean;
  },
): Promise<{ readonly predictions: readonly Prediction[]; readonly logged: boolean }> {
  const { model, version, rows, champion, explain } = input;
  const gateway = client(serving, {
    url: `http://127.0.0.1:${gatewayPort}`,
    ...(token === undefined ? {} : { token }),
  });
  const up = await platform.engine.hasWorker();
  if (up && champion)
    try {
      // Another project's gateway may hold the port: only one that serves this very version is ours.
      const { models } = await gateway.listRoutes({});
      if (!models.some((route) => route.champion?.id === version.id))
        throw new TypeError("not ours");
      const { predictions } = await gateway.predict({
        ...{ model, rows: [...rows] },
        ...(explain ? { explain } : {}),
      });
      return { predictions, logged: true };
    } catch (error) {
      if (error instanceof RequestError && error.problem.status < 500)
        throw new MillwrightError("invalid_input", error.message, { cause: error });
    }
  const here = { version, rows: rows as readonly RawRow[] };
  const explanations = explain
    ? await explainHere({ ...platform, breathe: async () => undefined }, here)
    : undefined;
  return { predictions: await answerHere(platform, { ...here, explanations }), logged: false };
}

function sayPrediction(
  say: (line: string) => void,
  version: ModelVersion,
  prediction: Prediction,
): void {
  const member = prediction.answeredBy === undefined ? "" : `${prediction.answeredBy}, `;
  const by = pc.dim(`${member}version ${prediction.version}`);
  const { target } = version.signature;
  if (prediction.value !== undefined) {
    const [low, high] = prediction.interval ?? [];
    const within =
      low === undefined || high === undefined ? "" : ` (${figure(low)} to ${figure(high)})`;
    say(`${target} ${pc.bold(figure(prediction.value))}${within}  ${by}`);
    return;
  }
  if (prediction.outputs !== undefined) {
    for (const [name, value] of Object.entries(prediction.outputs))
      say(`${name} ${pc.bold(cut(JSON.stringify(value), 400))}  ${by}`);
    return;
  }
  if (prediction.abstained && version.abstain) {
    say(`${target} ${pc.bold("?")}  ${by}`);
    say(`  ${whyAbstained(version.abstain, prediction)}`);
  } else say(`${target} ${pc.bold(String(prediction.label))}  ${by}`);
  for (const [name, share] of Object.entries(prediction.probabilities ?? {})
    .sort((a, b) => b[1] - a[1])
    .slice(0, 6))
    say(`  ${name.padEnd(12)} ${meter(share, 20)} ${(100 * share).toFixed(1)} %`);
}

const figure = (value: number): string =>
  value.toLocaleString("en-US", { maximumSignificantDigits: 6 });
