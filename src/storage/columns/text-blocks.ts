import { MillwrightError } from "../../errors.ts";
import { csvSplitter, type TextSplitter } from "../../table/csv.ts";
import { jsonlSplitter } from "../../table/jsonl.ts";
import type { FileBlock, Source } from "./columns.ts";
import { textBytes } from "./source-bytes.ts";

/** The rows of csv and jsonl files, about 1 MB a block (more when rows are wide, so that a block has hundreds of rows). */
export async function* textBlocks(source: Source): AsyncGenerator<FileBlock> {
  for (const [file, at] of source.files.entries()) {
    let seen = false;
    for await (const block of blocksOf(textBytes(at), source, { file, line: 1 })) {
      seen = true;
      if (block.rows + block.bad.length > 0) yield block;
    }
    if (!seen)
      throw new MillwrightError(
        "invalid_data",
        `source '${at.uri}' became empty while it was read`,
      );
  }
}

/** Blocks of a run of bytes that begins a row on line `line` of the file. Nothing at all when there are no bytes. */
export async function* blocksOf(
  bytes: AsyncIterable<Uint8Array>,
  source: Source,
  { file, line }: { readonly file: number; readonly line: number },
): AsyncGenerator<FileBlock> {
  const splitter = splitterOf(source, line);
  let header = source.hasHeader && line === 1;
  const enough = Math.max(1 << 20, Math.min(64 << 20, source.names.length * 4096));
  let held: Uint8Array | undefined;
  const cut = (chunk: Uint8Array, last: boolean): FileBlock => {
    let block = splitter.push(chunk, last);
    if (header && block.rows + block.bad.length > 0) {
      header = false;
      block = withoutFirstRow(block);
    }
    return { ...block, file };
  };
  for await (const chunk of bytes) {
    if (held && held.length >= enough) {
      yield cut(held, false);
      held = chunk;
    } else held = held ? Buffer.concat([held, chunk]) : chunk;
  }
  if (held) yield cut(held, true);
}

function splitterOf(source: Source, line: number): TextSplitter {
  if (source.format === "jsonl") return jsonlSplitter(source.names, undefined, line);
  return csvSplitter(dialectOf(source), line);
}

export const dialectOf = ({ delimiter, names, quotes }: Source) => ({
  delimiter: delimiter?.charCodeAt(0),
  width: names.length,
  quotes,
});

/** The line of names is the first row; when it was set aside as bad (say, of another width) that one goes. */
function withoutFirstRow<B extends Omit<FileBlock, "file">>(block: B): B {
  const firstBad = block.bad[0];
  if (firstBad && (block.rows === 0 || firstBad.line < block.lines[0]!))
    return { ...block, bad: block.bad.slice(1) };
  return {
    ...block,
    rows: block.rows - 1,
    starts: block.starts.subarray(block.width),
    ends: block.ends.subarray(block.width),
    escaped: block.escaped.subarray(block.width),
    lines: block.lines.subarray(1),
  };
}
