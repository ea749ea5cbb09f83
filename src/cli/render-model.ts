import pc from "picocolors";
import type { Evaluation } from "../evaluation/evaluate.ts";
import { reportedMetric } from "../evaluation/report.ts";
import type { AliasMove } from "../registry/alias-move.ts";
import type { Alias, ListedVersion, ModelVersion, Origin } from "../registry/model-version.ts";
import { abstentionBriefly, abstentionLines } from "./render-abstention.ts";
import { testInWords, verdictLines } from "./render-leaderboard.ts";
import {
  counted,
  cut,
  decimal,
  heading,
  labelled,
  moment,
  oneLine,
  percent,
  shortDigest,
  table,
  when,
} from "./render-text.ts";
import { meter } from "./terminal.ts";

export interface VersionView<V extends ListedVersion = ListedVersion> {
  readonly version: V;
  readonly aliases: readonly Alias[];
  /** undefined when its report cannot be read. */
  readonly evaluation: Evaluation | undefined;
}

export interface ModelView {
  readonly model: string;
  readonly target: string;
  /** Newest first. */
  readonly versions: readonly VersionView[];
  /** Newest first. */
  readonly moves: readonly AliasMove[];
}

/** More than these scroll the useful part away; `--json` has all. */
const MOST_SHOWN = 20;

/** "auc 0.8391 (0.8187 to 0.8592)": the metric the model is chosen by, with its 95 % interval. */
export function headline(evaluation: Evaluation | undefined): string {
  const found = evaluation && reportedMetric(evaluation.report, evaluation.report.primary);
  if (!found) return "";
  const { name, value, lower, upper } = found;
  const range = lower === null || upper === null ? "" : ` (${decimal(lower)} to ${decimal(upper)})`;
  const spoken = evaluation.abstention ? `; ${abstentionBriefly(evaluation.abstention)}` : "";
  return `${name} ${decimal(value)}${range}${spoken}`;
}

const aliasWord = (alias: Alias): string =>
  alias === "champion" ? pc.green(alias) : pc.cyan(alias);

export function renderModel(view: ModelView, now: number, width: number): string[] {
  const { model, versions, moves } = view;
  const numbers = new Map(versions.map(({ version }) => [version.id, version.number]));
  const numberOf = (id: ModelVersion["id"] | undefined) =>
    id === undefined ? "none" : String(numbers.get(id) ?? shortDigest(id));
  const rows = versions
    .slice(0, MOST_SHOWN)
    .map(({ version, aliases, evaluation }) => [
      String(version.number),
      cut(version.trainer, 14),
      headline(evaluation),
      when(version.createdAt, now),
      aliases.map(aliasWord).join(" ") ||
        (evaluation?.verdict.pass === false ? pc.dim("did not pass") : ""),
    ]);
  const history = moves
    .slice(0, MOST_SHOWN)
    .map((move) => [
      moment(move.at),
      aliasWord(move.alias),
      move.previous === undefined
        ? numberOf(move.version)
        : `${numberOf(move.previous)} → ${numberOf(move.version)}`,
      oneLine(move.reason),
    ]);
  return [
    "",
    `${heading(model)}  ${pc.dim(`predicts ${JSON.stringify(view.target)}, ${counted(versions.length, "version")}`)}`,
    "",
    ...(rows.length === 0
      ? [`  There is no version yet. Train one with: millwright train ${model}`]
      : table(
          [{ title: "version", right: true }, "trainer", "on the test rows", "made", ""],
          rows,
          width,
        )),
    ...more(versions.length, "version"),
    ...(history.length === 0
      ? []
      : [
          "",
          heading("History"),
          ...table(["when (UTC)", "alias", "version", "why"], history, width, pc.dim),
        ]),
    ...more(moves.length, "move"),
  ];
}

const more = (count: number, noun: string): string[] =>
  count > MOST_SHOWN ? [pc.dim(`  … and ${counted(count - MOST_SHOWN, `older ${noun}`)}`)] : [];

export function renderVersion(
  { version, aliases, evaluation }: VersionView,
  parent: ModelVersion | undefined,
  now: number,
  width: number,
): string[] {
  const { environment } = version;
  return [
    "",
    `${heading(`${version.model} version ${version.number}`)}${aliases.map((alias) => `  ${aliasWord(alias)}`).join("")}`,
    "",
    ...labelled(
      "made",
      `${moment(version.createdAt)} UTC (${when(version.createdAt, now)})${version.runId ? ` by ${version.runId}` : ""}`,
      width,
    ),
    ...labelled(
      "trainer",
      `${version.trainer} ${paramsInWords(version.params)}, seed ${version.seed}`,
      width,
    ),
    ...(parent ? labelled("parent", `version ${parent.number}`, width) : []),
    ...(version.dataset ? labelled("data", version.dataset, width) : []),
    ...(version.code ? labelled("code", version.code, width) : []),
    ...(version.origin ? originLines(version.origin, width) : []),
    ...labelled("onnx", version.onnx, width),
    ...labelled("digest", version.id, width),
    ...labelled(
      "made with",
      `Millwright ${environment.millwright}, Node ${environment.node}, ${environment.runtime}`,
      width,
    ),
    ...(evaluation ? evaluationLines(evaluation, width) : []),
  ];
}

function evaluationLines(evaluation: Evaluation, width: number): string[] {
  const { report, importance } = evaluation;
  const metrics = report.metrics.map(({ name, title, value, lower, upper }) => [
    name === report.primary ? pc.bold(name) : name,
    decimal(value),
    lower === null || upper === null ? "" : `${decimal(lower)} to ${decimal(upper)}`,
    title,
  ]);
  const worse = report.slices.filter((slice) => slice.worse).slice(0, 5);
  const largest = importance[0]?.share ?? 1;
  return [
    "",
    heading("On the test rows"),
    ...labelled("test", testInWords(report.primary, evaluation), width),
    ...labelled("split", oneLine(evaluation.split), width),
    "",
    ...table(
      ["metric", { title: "value", right: true }, "95 % interval", ""],
      metrics,
      width,
      pc.dim,
    ),
    ...(worse.length === 0
      ? []
      : [
          "",
          heading("Worse than elsewhere"),
          ...table(
            ["where", { title: "rows", right: true }, { title: "value", right: true }, ""],
            worse.map((slice) => [
              cut(`${slice.column} = ${slice.value}`, 40),
              slice.rows.toLocaleString("en-US"),
              decimal(slice.estimate),
              `${slice.metric}, elsewhere ${decimal(slice.rest)}`,
            ]),
            width,
            pc.dim,
          ),
        ]),
    ...(importance.length === 0
      ? []
      : [
          "",
          heading("What it looks at"),
          ...importance
            .slice(0, 10)
            .map(
              ({ feature, share }) =>
                `  ${meter(share / largest, 16)}  ${percent(share).padStart(7)}  ${cut(feature, width - 32)}`,
            ),
        ]),
    ...(evaluation.abstention ? abstentionLines(evaluation.abstention, width) : []),
    ...verdictLines(evaluation.verdict, width),
  ];
}

function originLines(origin: Origin, width: number): string[] {
  const opsets = Object.entries(origin.opsets).map(([domain, version]) => `${domain} ${version}`);
  const made = [origin.producer || "no producer named", `opsets ${opsets.join(", ")}`].join("; ");
  return [
    ...labelled("file", `${origin.file} (${made})`, width),
    ...labelled("its digest", origin.sha256, width),
    ...origin.notes.flatMap((note) => labelled("note", note, width)),
  ];
}

function paramsInWords(params: ModelVersion["params"]): string {
  if (params === null || typeof params !== "object" || Array.isArray(params)) return "";
  const text = Object.entries(params)
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" ");
  return text === "" ? "" : `(${cut(text, 200)})`;
}
