import { MillwrightError } from "../../errors.ts";
import type { Encoding, SourceFormat, SourceNote } from "./columns.ts";
import type { utf8Survey } from "./utf8-survey.ts";

/** By name, and by the first bytes where the name says nothing. */
export function formatOf(uri: string, head: Uint8Array): SourceFormat {
  const name = uri.replace(/\.gz$/i, "").toLowerCase();
  const start = Buffer.from(head.subarray(0, 4096)).toString("utf8").trimStart();
  if (/\.(jsonl|ndjson)$/.test(name)) return "jsonl";
  if (/\.json$/.test(name)) {
    if (start.startsWith("{")) return "jsonl";
    throw new MillwrightError(
      "unsupported",
      `source '${uri}' is one JSON array; write one object a line instead: jq -c '.[]' in.json > out.jsonl`,
    );
  }
  if (/\.(parquet|pq)$/.test(name))
    throw new MillwrightError(
      "invalid_data",
      `source '${uri}' is named Parquet but does not start with PAR1; it is damaged or another format`,
    );
  if (!/\.(csv|tsv|tab|txt|data)$/.test(name) && /^\{\s*"/.test(start)) return "jsonl";
  return "csv";
}

export function encodingNotes(
  uri: string,
  encoding: Encoding,
  verdict: ReturnType<ReturnType<typeof utf8Survey>["verdict"]>,
): SourceNote[] {
  const note = (message: string): SourceNote[] => [
    { kind: "encoding", column: undefined, message },
  ];
  const at = verdict.first
    ? `first: byte 0x${verdict.first.byte.toString(16)} in line ${verdict.first.line}`
    : "";
  if (encoding === "windows-1252")
    return note(
      `'${uri}' is not UTF-8 (${at}); it was read as windows-1252 (latin-1). If letters look wrong, convert it: iconv -f <encoding> -t UTF-8`,
    );
  if (encoding !== "utf-8")
    return note(`'${uri}' is ${encoding.toUpperCase()}; it was converted to UTF-8`);
  if (verdict.invalid > 0)
    return note(
      `'${uri}' has ${verdict.invalid} bytes that are not UTF-8 (${at}); each was read as U+FFFD`,
    );
  return [];
}

/** Other control characters than blanks and separators: a share of 2 % in the head means that this is no text. */
export function binary(head: Uint8Array): boolean {
  const n = Math.min(head.length, 65536);
  let odd = 0;
  for (let i = 0; i < n; i++) {
    const c = head[i]!;
    if (c < 32 && c !== 9 && c !== 10 && c !== 13 && c !== 12) odd++;
  }
  return odd > 0.02 * n && odd > 8;
}

/** The head without byte order mark and without a last line that may be cut. */
export function wholeLines(head: Uint8Array, whole: boolean): Uint8Array {
  const start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const end = whole
    ? head.length
    : Math.max(head.lastIndexOf(10), head.lastIndexOf(13)) + 1 || head.length;
  return head.subarray(start, end);
}

/** Enough to tell the dialect by (every candidate reads it): 256 KB, or all when lines are so long that this is under 50 of them. */
export function firstLines(head: Uint8Array): Uint8Array {
  const end = head.indexOf(10, 1 << 18) + 1;
  if (end === 0) return head;
  let lines = 0;
  for (let i = 0; i < end; i++) if (head[i] === 10) lines++;
  return lines < 50 ? head : head.subarray(0, end);
}
