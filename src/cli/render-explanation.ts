import pc from "picocolors";
import type { Prediction } from "../../sdk/src/contract/serving.ts";
import type { Importance } from "../explanation/explain-model.ts";
import { cut, heading, table } from "./render-text.ts";
import { meter } from "./terminal.ts";

/** Columns listed; `--json` has all. */
const MOST_SHOWN = 8;

/** Below a prediction: the reasons in words, then what each column added. */
export function explanationLines({ explanation, reasons = [] }: Prediction): string[] {
  if (explanation === undefined) return [];
  const { contributions, base, said, unit, method, error, background } = explanation;
  const strongest = Math.abs(contributions[0]?.contribution ?? 0) || 1;
  const rest = contributions.slice(MOST_SHOWN).reduce((sum, c) => sum + c.contribution, 0);
  const line = (name: string, amount: number) =>
    `  ${signed(amount).padStart(9)} ${meter(Math.abs(amount) / strongest, 12)} ${name}`;
  return [
    ...reasons.map((reason, i) => `  ${i === 0 ? "because" : "    and"} ${reason}`),
    pc.dim(`  ${figure(base).padStart(9)} on average over ${against(background)}, in ${unit}`),
    ...contributions
      .slice(0, MOST_SHOWN)
      .map(({ column, value, contribution }) =>
        line(`${column} ${pc.dim(cut(JSON.stringify(value) ?? "", 40))}`, contribution),
      ),
    ...(contributions.length > MOST_SHOWN
      ? [line(`${contributions.length - MOST_SHOWN} other columns`, rest)]
      : []),
    pc.dim(
      `  ${figure(said).padStart(9)} in all (${method}, ${error === 0 ? "exact" : `each within ±${figure(error)} (95 %)`})`,
    ),
  ];
}

/** What drives a model: mean size of what each column adds. */
export function importanceLines(
  {
    model,
    version,
    importance,
  }: {
    readonly model: string;
    readonly version: number;
    readonly importance: Importance;
  },
  width: number,
): string[] {
  const { columns, unit, rows, background, method } = importance;
  const largest = columns[0]?.mean || 1;
  return [
    "",
    `${heading(`What drives ${model} version ${version}`)}  ${pc.dim(`mean size of what a column adds, in ${unit}, over ${rows} rows`)}`,
    "",
    ...table(
      ["", { title: "mean", right: true }, "95 % interval", "column"],
      columns.map(({ column, mean, lower, upper }) => [
        meter(mean / largest, 16),
        figure(mean),
        `${figure(lower)} to ${figure(upper)}`,
        cut(column, 50),
      ]),
      width,
    ),
    "",
    pc.dim(`  Compared with ${against(background)}; method: ${method}.`),
  ];
}

const against = ({ kind, rows }: Importance["background"]): string =>
  kind === "missing"
    ? "a row without any value"
    : kind === "zeros"
      ? "a row of zeros and empty texts"
      : kind === "training"
        ? "the training rows"
        : `${rows} of the training rows`;

const figure = (value: number): string =>
  value.toLocaleString("en-US", { maximumSignificantDigits: 4 });

const signed = (value: number): string => `${value < 0 ? "−" : "+"}${figure(Math.abs(value))}`;
