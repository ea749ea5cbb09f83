import { MillwrightError } from "../errors.ts";
import type { SourceNote } from "../storage/columns/columns.ts";
import { type Column, numberColumn, stringColumn, type Table } from "../table/table.ts";
import type { BadRow } from "../table/text-block.ts";
import type { Anomaly } from "./anomaly.ts";
import type { TypedBlock } from "./typing.ts";
import { anomaly } from "./validate.ts";

/** The rows that could not be taken, as they are kept: `line` counts from 1 in `file`, `raw` is the row's text. */
export const QUARANTINE_COLUMNS = [
  { name: "file", type: "string" },
  { name: "line", type: "number" },
  { name: "reason", type: "string" },
  { name: "raw", type: "string" },
] as const;

export function quarantineTable(file: string, bad: readonly BadRow[]): Table {
  return {
    rows: bad.length,
    columns: new Map<string, Column>([
      ["file", stringColumn(bad.map(() => file))],
      ["line", numberColumn(bad.map((row) => row.line))],
      ["reason", stringColumn(bad.map((row) => row.reason))],
      ["raw", stringColumn(bad.map((row) => row.raw))],
    ]),
  };
}

export interface RefusalCounts {
  readonly rows: number;
  /** "line 7 of a.csv: 3 fields instead of 4": the first few. */
  readonly examples: readonly string[];
  /** Values such as "inf" that became missing, by column. */
  readonly notFinite: ReadonlyMap<string, number>;
}

/** Above this share the source is misread rather than dirty. */
const MOST_REFUSED = 0.5;
const SOON = 1000;

/** Counts what was refused, and gives up when it is too much. */
export function refusals(onBadRows: "quarantine" | "block") {
  let [taken, refused] = [0, 0];
  const examples: string[] = [];
  const notFinite = new Map<string, number>();
  const check = (rows: number): void => {
    if (refused <= MOST_REFUSED * (taken + refused) || taken + refused < rows) return;
    throw new MillwrightError(
      "invalid_data",
      `${refused} of ${taken + refused} rows cannot be taken: the file is probably not what the dataset expects (another delimiter, other columns, or a column that changed its type). First: ${examples.join("; ")}`,
      { details: { refused, taken } },
    );
  };
  return {
    add(file: string, block: TypedBlock): void {
      taken += block.table.rows;
      refused += block.bad.length;
      for (const row of block.bad.slice(0, 3 - examples.length))
        examples.push(`line ${row.line} of ${file}: ${row.reason}`);
      if (onBadRows === "block" && refused > 0)
        throw new MillwrightError(
          "invalid_data",
          `a row cannot be taken, and onBadRows is "block": ${examples[0]}; correct the row, or set onBadRows to "quarantine"`,
        );
      for (const [name, rows] of block.notFinite)
        notFinite.set(name, (notFinite.get(name) ?? 0) + rows);
      check(SOON);
    },
    check: () => check(1),
    counts: (): RefusalCounts => ({ rows: refused, examples, notFinite }),
  };
}

/** What is to be said of the file itself, apart from its values. */
export function sourceAnomalies(
  notes: readonly SourceNote[],
  { rows, examples, notFinite }: RefusalCounts,
  taken: number,
): Anomaly[] {
  const found = notes.map((note) =>
    anomaly("format", "suspicious", note.column, taken, note.message),
  );
  if (rows > 0) {
    const grave = rows > 0.1 * (rows + taken);
    found.push(
      anomaly(
        "format",
        grave ? "broken" : "suspicious",
        undefined,
        rows,
        `${rows} of ${rows + taken} rows were set aside because they could not be taken; each is kept with its reason`,
        examples,
      ),
    );
  }
  for (const [name, count] of notFinite)
    found.push(
      anomaly(
        "not_finite",
        "suspicious",
        name,
        count,
        `column '${name}' holds infinite or broken numbers (inf, #DIV/0!) in ${count} rows; they count as missing`,
      ),
    );
  return found;
}
