import pc from "picocolors";
import type { ComparedRow, Comparison } from "../tracking/runs/comparison.ts";
import { cut, decimal, heading, table } from "./render-text.ts";

const SECTIONS = ["params", "metrics", "data", "environment", "tags"] as const;
const WIDEST_VALUE = 24;

/** A column for each run, named by letters: ids are longer than values. */
export function renderComparison(found: Comparison, width: number): string[] {
  const letters = found.runs.map((_, i) => String.fromCharCode(65 + i));
  const legend = found.runs.map(({ id, name, status }, i) => [
    pc.bold(letters[i]!),
    id,
    status.toLowerCase(),
    cut(name, 60),
  ]);
  const sections = SECTIONS.flatMap((section) => rowsOf(section, found[section], letters, width));
  return [
    "",
    heading("Runs"),
    ...table(["", "id", "", ""], legend, width),
    ...(sections.length === 0 ? ["", "  Nothing differs. See it all with: --all"] : sections),
  ];
}

function rowsOf(
  title: string,
  rows: readonly ComparedRow[],
  letters: readonly string[],
  width: number,
): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map(({ key, values }) => [cut(key, 32), ...values.map(valueInWords)]);
  return ["", heading(title), ...table(["", ...letters], cells, width)];
}

function valueInWords(value: string | number | null): string {
  if (value === null) return "–";
  return typeof value === "number" ? decimal(value) : cut(value, WIDEST_VALUE);
}
