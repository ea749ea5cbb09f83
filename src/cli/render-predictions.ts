import pc from "picocolors";
import type { PredictionDetail, PredictionView } from "../../sdk/src/contract/predictions.ts";
import { counted, cut, decimal, heading, labelled, moment, table, when } from "./render-text.ts";

interface Page {
  readonly now: number;
  readonly width: number;
  /** There are further ones. */
  readonly more: boolean;
}

export function renderPredictions(
  predictions: readonly PredictionView[],
  { now, width, more }: Page,
): string[] {
  if (predictions.length === 0)
    return [
      "",
      "  No prediction matches. Those of gateways on other machines are here a minute or two after they were made.",
    ];
  const rows = predictions.map((p) => [
    p.id,
    when(p.eventTime, now),
    cut(saidOf(p), 24),
    cut(truthOf(p), 16),
    cut(p.key ?? "", 24),
    whoOf(p),
  ]);
  const lines = table(
    ["prediction", "happened", "said", "truth", "key", "by"],
    rows,
    width,
    pc.dim,
  );
  const hint = `  ${more ? "There are more: --limit, or all of them with --out file.parquet. " : ""}One of them: --id <prediction>`;
  return ["", ...lines, "", pc.dim(hint)];
}

export function renderPrediction(p: PredictionDetail, width: number): string[] {
  const line = (label: string, text: string): string[] => labelled(label, text, width);
  const inputs = Object.entries(p.inputs);
  return [
    "",
    `  ${heading(p.id)}`,
    ...line("said", `${saidOf(p)} ${pc.dim(`[${p.output.map(decimal).join(", ")}]`)}`),
    ...line("by", `${whoOf(p)}, in ${Math.round(p.latencyMs)} ms`),
    ...line(
      "asked",
      `${moment(p.at)} UTC${p.eventTime === p.at ? "" : `, for ${moment(p.eventTime)}`}`,
    ),
    ...line(
      "truth",
      p.truth === null ? "not known yet" : `${p.truth.label}, since ${moment(p.truth.at)}`,
    ),
    ...(p.key === null ? [] : line("key", p.key)),
    ...p.beside.flatMap((b) => line("beside", `${whoOf(b)}: ${saidOf(b)}`)),
    "",
    `  ${pc.dim(counted(inputs.length, "field"))}`,
    ...inputs.flatMap(([name, value]) => line(cut(name, 12), cut(text(value), 4 * width))),
  ];
}

const text = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);

const saidOf = ({ abstained, label, output }: PredictionView): string => {
  const leaned = typeof label === "number" ? decimal(label) : label;
  const sure = typeof label === "string" && output.length === 1 ? ` ${decimal(output[0]!)}` : "";
  return abstained ? `nothing (${leaned}${sure})` : `${leaned}${sure}`;
};

const truthOf = ({ truth }: PredictionView): string =>
  truth === null ? "" : typeof truth.label === "number" ? decimal(truth.label) : truth.label;

const whoOf = ({ version, variant }: PredictionView): string =>
  `${variant === "champion" ? "" : `${variant} `}version ${version ?? "?"}`;
