import { cellNumber, isMissing, whyNotNumber } from "./cell.ts";
import { type RaggedBlock, raggedRows } from "./csv.ts";
import { parseDate } from "./date.ts";
import { cellText } from "./text-block.ts";

/** How a text table is written, and why we think so. */
export interface SniffedCsv {
  /** undefined: each line is one value. */
  readonly delimiter: "," | ";" | "\t" | "|" | undefined;
  /** Whether a field may be enclosed in quotes; false when that reading cuts fewer lines evenly (common in TSV). */
  readonly quotes: boolean;
  readonly hasHeader: boolean;
  /** The first row's cells: the names when `hasHeader`. */
  readonly first: readonly string[];
  readonly width: number;
  /** Why the first line is (not) taken for names. */
  readonly reason: string;
}

const CANDIDATES = ["\t", ",", ";", "|"] as const;

/**
 * Delimiter: the one that cuts most rows of the head into the same number (> 1) of fields. Header: a column of numbers or
 * times under a text says names; a first value that comes again further down, or is a sentence, says data.
 * @param head whole lines from the start of the file, UTF-8. Must hold at least one row.
 */
export function sniffCsv(head: Uint8Array): SniffedCsv {
  let best: Cut | undefined;
  for (const quotes of [true, false])
    for (const delimiter of CANDIDATES) {
      const cut = cutBy(head, delimiter, quotes);
      const lead = cut.score - (best?.score ?? 0);
      if (lead > 1e-9 || (best && best.quotes === quotes && lead > -1e-9 && cut.width > best.width))
        best = cut;
    }
  const rows = best?.rows ?? raggedRows(head, undefined, true);
  const first = Array.from({ length: rows.widths[0] ?? 0 }, (_, i) =>
    (cellText(rows, i) ?? "").trim(),
  );
  return {
    delimiter: best?.delimiter,
    quotes: best?.quotes ?? true,
    first,
    width: best ? best.width : 1,
    ...headerOrData(rows, first),
  };
}

interface Cut {
  readonly delimiter: (typeof CANDIDATES)[number];
  readonly quotes: boolean;
  readonly rows: RaggedBlock;
  readonly width: number;
  /** Share of rows with `width` fields; 0 when the delimiter cuts nothing. */
  readonly score: number;
}

function cutBy(head: Uint8Array, delimiter: Cut["delimiter"], quotes: boolean): Cut {
  const rows = raggedRows(head, delimiter.charCodeAt(0), quotes);
  const first = rows.widths[0] ?? 0;
  const width = first > 1 ? first : mode(rows.widths);
  const even = width > 1 ? rows.widths.filter((w) => w === width).length : 0;
  return { delimiter, quotes, rows, width, score: even / Math.max(1, rows.rows + rows.bad.length) };
}

function headerOrData(
  rows: RaggedBlock,
  first: readonly string[],
): { hasHeader: boolean; reason: string } {
  const name = (c: number) => `'${first[c]!.slice(0, 40)}'`;
  const yes = (reason: string) => ({ hasHeader: true, reason });
  const no = (reason: string) => ({ hasHeader: false, reason });
  const columns = first.map((_, c) => below(rows, c));
  const typed = (c: number) =>
    columns[c]!.filled > 0 && columns[c]!.typed >= 0.9 * columns[c]!.filled;
  const isTyped = (text: string) =>
    (text !== "" && Number.isFinite(Number(text))) || !Number.isNaN(parseDate(text));

  for (let c = 0; c < first.length; c++)
    if (first[c] !== "" && !isTyped(first[c]!) && typed(c))
      return yes(`${name(c)} stands above numbers or times`);
  const years = first.every((text) => !isTyped(text) || /^(19|20)\d\d$/.test(text));
  for (let c = 0; c < first.length; c++) {
    if (isTyped(first[c]!) && typed(c) && !years)
      return no(`the first line holds the value ${name(c)} of a column of numbers or times`);
    const again = columns[c]!.values.get(first[c]!) ?? 0;
    if (
      first[c] !== "" &&
      again > 0 &&
      first.some((text, k) => k !== c && !columns[k]!.values.has(text))
    )
      return no(`the first line's ${name(c)} comes again ${again} times in that column`);
    if (first.length === 1 && again > 0)
      return no(`the first line ${name(c)} comes again further down`);
    if (first[c]!.length > 100 || first[c]!.split(/\s+/).length > 12)
      return no(`${name(c)}… in the first line is a sentence, not a name`);
  }
  return yes("the first line looks like names");
}

/** What stands in column `c` under the first row, over rows as wide as the first. */
function below(rows: RaggedBlock, c: number) {
  const values = new Map<string, number>();
  let [at, filled, typed] = [0, 0, 0];
  for (let r = 0; r < Math.min(rows.rows, 1000); at += rows.widths[r++]!) {
    if (r === 0 || rows.widths[r] !== rows.widths[0] || isMissing(rows, at + c)) continue;
    const text = (cellText(rows, at + c) ?? "").trim();
    filled++;
    const number =
      !Number.isNaN(cellNumber(rows, at + c)) || whyNotNumber(rows, at + c) === "not_finite";
    if (number || !Number.isNaN(parseDate(text))) typed++;
    values.set(text, (values.get(text) ?? 0) + 1);
  }
  return { values, filled, typed };
}

function mode(values: readonly number[]): number {
  const tally = new Map<number, number>();
  for (const v of values) tally.set(v, (tally.get(v) ?? 0) + 1);
  return [...tally].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0])[0]!;
}
