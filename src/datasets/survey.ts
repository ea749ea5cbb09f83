import { random } from "../lib/random.ts";
import { cellNumber, cellTime, isMissing, whyNotNumber } from "../table/cell.ts";
import { type DateOrder, dateOrder, parseDate } from "../table/date.ts";
import { cellText, type TextBlock } from "../table/text-block.ts";
import type { ColumnType } from "./schema.ts";

/** What a first pass over the text saw in one column. Counts are of rows. */
export interface ColumnEvidence {
  readonly name: string;
  readonly missing: number;
  readonly numbers: number;
  readonly dates: number;
  /** "NaN of arithmetic": inf, #DIV/0! and the like. */
  readonly notFinite: number;
  /** Spelled like numbers, but codes: a leading zero ("02134") or more digits than a double holds. */
  readonly codes: number;
  readonly filled: number;
  readonly type: ColumnType;
  readonly order: DateOrder;
  /** Values that are no number in a column of numbers, or no date in one of dates. */
  readonly odd: readonly string[];
}

export interface Survey {
  readonly rows: number;
  readonly bad: number;
  readonly columns: readonly ColumnEvidence[];
  /** Rows drawn evenly from the whole source (seeded), in source order. */
  readonly sample: TextBlock;
  /** For each sampled row its number in the source, from 0. */
  readonly sampled: readonly number[];
}

const SAMPLE_ROWS = 20_000;
const SAMPLE_CELLS = 4_000_000;
const MOST_FIRSTS = 60;
/** Share of values that may fail to parse in a column of numbers or dates: those rows are set aside with the reason. */
const ODD_SHARE = 0.01;

/**
 * The first pass: types by counting over every row, and a sample for the finer questions (roles, leaks, task). The first row of
 * every value of `target` (up to 60) is always in the sample, so that a rare class is not overlooked.
 */
export function surveyor(
  names: readonly string[],
  declared: Readonly<Record<string, ColumnType>> = {},
  target?: string,
) {
  const width = names.length;
  const most = Math.max(200, Math.min(SAMPLE_ROWS, Math.floor(SAMPLE_CELLS / width)));
  const columns = names.map((name) =>
    tally(name, Object.hasOwn(declared, name) ? declared[name] : undefined),
  );
  const rng = random("survey");
  const kept: SampledRow[] = [];
  const at = target === undefined ? -1 : names.indexOf(target);
  const classes = new Set<string>();
  const firsts: typeof kept = [];
  let [rows, bad] = [0, 0];
  const isFirst = (block: TextBlock, r: number): boolean => {
    if (at < 0 || classes.size >= MOST_FIRSTS || isMissing(block, r * width + at)) return false;
    const text = cellText(block, r * width + at) ?? "";
    const fresh = !classes.has(text);
    classes.add(text);
    return fresh;
  };
  return {
    add(block: TextBlock): void {
      bad += block.bad.length;
      for (let c = 0; c < width; c++) {
        const column = columns[c]!;
        for (let r = 0, cell = c; r < block.rows; r++, cell += width) column.add(block, cell);
      }
      for (let r = 0; r < block.rows; r++, rows++) {
        const place = kept.length < most ? kept.length : rng.int(rows + 1);
        const first = isFirst(block, r);
        if (place < most) kept[place] = sampledRow(block, r, rows);
        if (first) firsts.push(sampledRow(block, r, rows));
      }
    },
    rows: () => rows,
    finish(): Survey {
      const drawn = new Set(kept.map((k) => k.row));
      kept.push(...firsts.filter((k) => !drawn.has(k.row)));
      kept.sort((a, b) => a.row - b.row);
      const sample = blockOf(kept, width);
      return {
        rows,
        bad,
        columns: columns.map((c) => c.evidence()),
        sample,
        sampled: kept.map((k) => k.row),
      };
    },
  };
}

interface SampledRow {
  /** Number in the source, from 0. */
  readonly row: number;
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly escaped: Uint8Array;
}

function sampledRow(block: TextBlock, r: number, row: number): SampledRow {
  const [from, to] = [r * block.width, (r + 1) * block.width];
  const ends = block.ends.slice(from, to);
  const starts = block.starts.slice(from, to);
  const first = starts.find((start) => start >= 0) ?? 0;
  const last = ends.reduce((a, b) => Math.max(a, b), first);
  return {
    row,
    bytes: block.bytes.slice(first, last),
    starts: starts.map((start) => (start < 0 ? -1 : start - first)),
    ends: ends.map((end) => end - first),
    escaped: block.escaped.slice(from, to),
  };
}

function blockOf(rows: readonly SampledRow[], width: number): TextBlock {
  const bytes = new Uint8Array(rows.reduce((sum, r) => sum + r.bytes.length, 0));
  const starts = new Int32Array(rows.length * width);
  const ends = new Int32Array(rows.length * width);
  const escaped = new Uint8Array(rows.length * width);
  let at = 0;
  for (const [i, row] of rows.entries()) {
    bytes.set(row.bytes, at);
    escaped.set(row.escaped, i * width);
    for (let c = 0; c < width; c++) {
      const start = row.starts[c]!;
      starts[i * width + c] = start < 0 ? -1 : start + at;
      ends[i * width + c] = row.ends[c]! + at;
    }
    at += row.bytes.length;
  }
  const lines = Float64Array.from(rows, (r) => r.row + 1);
  return { rows: rows.length, width, bytes, starts, ends, escaped, lines, bad: [] };
}

function tally(name: string, declared: ColumnType | undefined) {
  let [missing, numbers, dates, notFinite, codes, filled] = [0, 0, 0, 0, 0, 0];
  const datesSeen: string[] = [];
  const odd = new Set<string>();
  return {
    add(block: TextBlock, cell: number): void {
      const value = declared === "string" ? Number.NaN : cellNumber(block, cell);
      if (!Number.isNaN(value)) {
        filled++;
        numbers++;
        if (looksLikeCode(block, cell)) codes++;
        return;
      }
      if (isMissing(block, cell)) {
        missing++;
        return;
      }
      filled++;
      // A column that is clearly neither is not looked at closer.
      if (
        declared === "string" ||
        (filled > 2000 && dates < filled * 0.5 && numbers < filled * 0.5)
      )
        return;
      if (!Number.isNaN(cellTime(block, cell))) {
        dates++;
        return;
      }
      const why = whyNotNumber(block, cell);
      if (why === "not_finite") notFinite++;
      if (why === "missing" && numbers > 0) {
        filled--;
        missing++;
        return;
      }
      const text = (cellText(block, cell) ?? "").trim();
      if (!Number.isNaN(parseDate(text, "dmy")) || !Number.isNaN(parseDate(text, "mdy"))) {
        dates++;
        if (datesSeen.length < 1000) datesSeen.push(text);
      } else if (odd.size < 5) odd.add(text.slice(0, 80));
    },
    evidence(): ColumnEvidence {
      const allowed = filled >= 100 ? filled * ODD_SHARE : 0;
      const isNumber =
        numbers > 0 && filled - numbers - notFinite <= allowed && codes <= 0.01 * numbers;
      const order = dateOrder(datesSeen);
      const isTime = dates > 0 && order !== undefined && filled - dates <= allowed;
      const guessed = isNumber ? "number" : isTime ? "time" : "string";
      // A 64-bit id does not fit a double: as text it stays what it is.
      const type =
        declared === "number" && codes > 0.01 * numbers ? "string" : (declared ?? guessed);
      return {
        name,
        missing,
        numbers,
        dates,
        notFinite,
        codes,
        filled,
        type,
        order: order ?? "dmy",
        odd: type === "string" ? [] : [...odd],
      };
    },
  };
}

const ZERO = 48;

function looksLikeCode(block: TextBlock, cell: number): boolean {
  const start = block.starts[cell]!;
  const length = block.ends[cell]! - start;
  if (length < 2) return false;
  const { bytes } = block;
  if (bytes[start] === ZERO && bytes[start + 1]! >= ZERO && bytes[start + 1]! <= 57) return true;
  if (length < 16) return false;
  for (let i = start; i < start + length; i++) if (bytes[i]! < ZERO || bytes[i]! > 57) return false;
  return true;
}
