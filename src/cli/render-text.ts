import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";
import { inWords } from "../lib/duration.ts";

/** Widest line we write, even where the terminal is wider: longer ones are hard to read. */
const WIDEST = 100;

/** Columns of the terminal that results are laid out for; 80 where there is none. */
export const pageWidth = (): number =>
  Math.max(40, Math.min(WIDEST, process.stdout.columns ?? process.stderr.columns ?? 80));

/** Characters as a person counts them (a combining accent is none of its own). Wide ones (CJK) take two columns. */
const segments = new Intl.Segmenter("en", { granularity: "grapheme" });
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const columnsOf = (segment: string) => (WIDE.test(segment) ? 2 : 1);

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of segments.segment(plain)) width += columnsOf(segment);
  return width;
}

/** Cut to `width` columns with an ellipsis. Plain text only: colour it afterwards. */
export function cut(text: string, width: number): string {
  const plain = oneLine(text);
  if (displayWidth(plain) <= width) return plain;
  let [kept, used] = ["", 0];
  for (const { segment } of segments.segment(plain)) {
    used += columnsOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** Data may hold line breaks and terminal escapes: shown as blanks, never obeyed. */
export const oneLine = (text: string): string =>
  stripVTControlCharacters(text).replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ");

/** Broken at blanks into lines of at most `width` columns; later lines are indented by `hang`. */
export function wrap(text: string, width: number, hang = 0): string[] {
  const lines: string[] = [];
  let line = "";
  let room = width;
  for (const word of text.split(" ").filter((w) => w !== "")) {
    if (line !== "" && displayWidth(line) + 1 + displayWidth(word) > room) {
      lines.push(line);
      line = word;
      room = width - hang;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((part, i) => (i === 0 ? part : " ".repeat(hang) + part));
}

const pad = (text: string, width: number) =>
  text + " ".repeat(Math.max(0, width - displayWidth(text)));

export type Head = string | { readonly title: string; readonly right: true };

/**
 * A table indented by two whose last column takes the room that is left, wrapped under itself. Cells may be coloured, except
 * those of the last column: `finish` colours its lines.
 */
export function table(
  head: readonly Head[],
  rows: readonly (readonly string[])[],
  width: number,
  finish: (line: string) => string = (line) => line,
): string[] {
  const last = head.length - 1;
  const titles = head.map((h) => (typeof h === "string" ? h : h.title));
  const widths = titles.map((title, i) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[i] ?? ""))),
  );
  const fixed = widths.slice(0, last).reduce((sum, w) => sum + w + 2, 2);
  const room = Math.max(16, width - fixed);
  const cells = (row: readonly string[]) =>
    row
      .slice(0, last)
      .map((cell, i) =>
        typeof head[i] === "string"
          ? pad(cell, widths[i]!)
          : " ".repeat(Math.max(0, widths[i]! - displayWidth(cell))) + cell,
      )
      .join("  ");
  const line = (row: readonly string[]) => {
    const [first, ...more] = wrap(row[last] ?? "", room);
    const start = last === 0 ? "" : `${cells(row)}  `;
    return [
      `  ${start}${finish(first!)}`.trimEnd(),
      ...more.map((text) => " ".repeat(fixed) + finish(text)),
    ];
  };
  const titleLine = `  ${last === 0 ? "" : `${cells(titles)}  `}${titles[last]}`.trimEnd();
  return [...(titles.some(Boolean) ? [pc.dim(titleLine)] : []), ...rows.flatMap(line)];
}

/** "Label   text …" with the text wrapped under itself; labels take `label` columns. */
export function labelled(label: string, text: string, width: number, labelWidth = 12): string[] {
  const [first, ...more] = wrap(text, width - labelWidth - 2);
  const start = `  ${pad(pc.dim(label), labelWidth)}`;
  return [start + first!, ...more.map((line) => " ".repeat(labelWidth + 2) + line)];
}

export const heading = (text: string): string => pc.bold(text);

/** 1 → "1 row", 7043 → "7,043 rows". */
export const counted = (n: number, noun: string, plural = `${noun}s`): string =>
  `${n.toLocaleString("en-US")} ${n === 1 ? noun : plural}`;

/** A number for people: four significant digits, thousands separated. */
export function decimal(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  if (size !== 0 && size < 0.0001) return value.toExponential(2);
  if (size < 1) return value.toFixed(4);
  return value.toPrecision(4);
}

/** The shortest form of a bound: 140, 0.5, 36,598. */
export const bound = (value: number): string =>
  Number.isFinite(value) ? value.toLocaleString("en-US", { maximumSignificantDigits: 5 }) : "–";

/** 0.265 → "26.5 %". */
export const percent = (share: number): string =>
  `${(100 * share).toFixed(share > 0 && share < 0.001 ? 2 : 1)} %`;

/** Long ago: the day. Lately: how long ago. Both UTC milliseconds. */
export function when(at: number, now: number): string {
  const past = now - at;
  if (past < 0 || past > 2 * 86_400_000) return new Date(at).toISOString().slice(0, 10);
  return past < 2000 ? "just now" : `${inWords(past)} ago`;
}

/** "2002-08-12 14:03" (UTC). */
export const moment = (at: number): string =>
  new Date(at).toISOString().slice(0, 16).replace("T", " ");

/** The first 12 digits of a digest: enough to find it again. */
export const shortDigest = (digest: string): string =>
  digest.startsWith("sha256:") ? digest.slice(0, 19) : digest;
