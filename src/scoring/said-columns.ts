import { certainty } from "../evaluation/abstention.ts";
import type { Scores } from "../lib/task.ts";
import type { Signature } from "../onnx/signature.ts";
import { labelOf } from "../serving/answer.ts";
import type { RoutedVersion } from "../serving/route.ts";
import { type Column, numberColumn, stringColumn, type Table } from "../table/table.ts";
import type { AddedColumns } from "./added-columns.ts";

/** Who answered each row. */
export interface SaidBy {
  readonly version: (row: number) => RoutedVersion;
  /** undefined: no family. */
  readonly model: (row: number) => string | undefined;
  readonly level: (row: number) => number;
}

/** What was said about some rows, as the columns that are added to them. */
export function saidColumns(
  signature: Signature,
  scores: Scores,
  input: {
    readonly added: AddedColumns;
    /** Who answered, row by row. */
    readonly by: SaidBy;
    /** One per row; undefined when nobody asked. */
    readonly reasons: readonly string[] | undefined;
  },
): Table {
  const { rows, width, values } = scores;
  const { added, by } = input;
  const labels: (string | number)[] = new Array(rows);
  const abstained = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const output = Array.from(values.subarray(i * width, (i + 1) * width));
    labels[i] = labelOf(signature, output);
    const { abstain } = by.version(i);
    if (abstain && certainty(abstain, signature, output).abstained) abstained[i] = 1;
  }
  const label =
    signature.task === "regression"
      ? numberColumn(labels.map((value, i) => (abstained[i] === 1 ? Number.NaN : Number(value))))
      : stringColumn(labels.map((value, i) => (abstained[i] === 1 ? undefined : String(value))));
  const outputs = added.outputs.map((name, k): [string, Column] => {
    const column = new Float64Array(rows);
    for (let i = 0; i < rows; i++) column[i] = values[i * width + k]!;
    return [name, { type: "number", values: column }];
  });
  const numbers = (of: (row: number) => number): Column => ({
    type: "number",
    values: Float64Array.from({ length: rows }, (_, i) => of(i)),
  });
  const models = () => stringColumn(Array.from({ length: rows }, (_, i) => by.model(i)));
  return {
    rows,
    columns: new Map<string, Column>([
      [added.label, label],
      ...outputs,
      [added.version, numbers((i) => by.version(i).number)],
      ...(added.answeredBy === undefined ? [] : [[added.answeredBy, models()] as [string, Column]]),
      ...(added.level === undefined ? [] : [[added.level, numbers(by.level)] as [string, Column]]),
      [added.abstained, { type: "number", values: abstained }],
      ...(added.reasons === undefined
        ? []
        : [[added.reasons, stringColumn(input.reasons ?? [])] as [string, Column]]),
    ]),
  };
}
