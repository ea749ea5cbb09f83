import { utf8ToBytes } from "@noble/hashes/utils.js";
import { joined, type TextSplitter } from "./csv.ts";
import type { BadRow } from "./text-block.ts";
import { decodeUtf8 } from "./utf8.ts";

const LF = 10;

/**
 * One JSON object a line, brought to the cells of `names`. Numbers and booleans become their JSON text, nested values
 * stay JSON, null and absent keys are null. A line that is no JSON object, or has a key outside `names`, becomes a
 * `BadRow` or is counted by `onUnknownKey`.
 */
export function jsonlSplitter(
  names: readonly string[],
  onUnknownKey: (key: string) => void = () => {},
  firstLine = 1,
): TextSplitter {
  const known = new Set(names);
  let rest = new Uint8Array(0);
  let line = firstLine;
  return {
    get held() {
      return rest.length;
    },
    get line() {
      return line;
    },
    push(chunk, last) {
      const bytes = joined(rest, chunk);
      const end = last ? bytes.length : bytes.lastIndexOf(LF) + 1;
      const cells: (string | undefined)[] = [];
      const lines: number[] = [];
      const bad: BadRow[] = [];
      for (let at = 0; at < end; line++) {
        const lf = bytes.indexOf(LF, at);
        const stop = lf < 0 || lf >= end ? end : lf;
        const text = decodeUtf8(bytes, at, stop).trim();
        at = stop + 1;
        if (text === "") continue;
        const object = jsonObject(text);
        if (object === undefined) {
          const raw = text.slice(0, 65536);
          bad.push({ line, reason: "is not one JSON object on one line", raw });
          continue;
        }
        for (const key of Object.keys(object)) if (!known.has(key)) onUnknownKey(key);
        for (const name of names) cells.push(jsonCell(object, name));
        lines.push(line);
      }
      rest = bytes.slice(end);
      return {
        ...packedCells(cells),
        rows: lines.length,
        width: names.length,
        lines: Float64Array.from(lines),
        bad,
      };
    },
  };
}

/** The keys of the first objects, in order of first appearance. */
export function jsonlNames(head: Uint8Array): string[] {
  const names = new Set<string>();
  for (const line of decodeUtf8(head, 0, head.lastIndexOf(LF) + 1 || head.length).split("\n"))
    for (const key of Object.keys(jsonObject(line.trim()) ?? {})) names.add(key);
  return [...names];
}

/** Text cells laid end to end, in the form of a `TextBlock`. */
export function packedCells(cells: readonly (string | undefined)[]) {
  const encoded = new Map<number, Uint8Array>();
  let size = 0;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    if (cell === undefined) continue;
    if (isAscii(cell)) size += cell.length;
    else {
      const other = utf8ToBytes(cell);
      encoded.set(i, other);
      size += other.length;
    }
  }
  const bytes = new Uint8Array(size);
  const starts = new Int32Array(cells.length);
  const ends = new Int32Array(cells.length);
  let at = 0;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    starts[i] = cell === undefined ? -1 : at;
    const other = encoded.size === 0 ? undefined : encoded.get(i);
    if (other) bytes.set(other, at);
    else if (cell !== undefined)
      for (let c = 0; c < cell.length; c++) bytes[at + c] = cell.charCodeAt(c);
    at += other?.length ?? cell?.length ?? 0;
    ends[i] = at;
  }
  return { bytes, starts, ends, escaped: new Uint8Array(cells.length) };
}

/** Most cells: their characters are their bytes, and encoders cost more than short texts. */
function isAscii(text: string): boolean {
  for (let c = 0; c < text.length; c++) if (text.charCodeAt(c) > 127) return false;
  return true;
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function jsonCell(object: Record<string, unknown>, name: string): string | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  if (value === null || value === undefined) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}
