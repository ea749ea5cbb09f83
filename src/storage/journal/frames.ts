import { crc32 } from "node:zlib";

/**
 * One batch of a journal file: a line `#<bytes> <crc32 in hex>` and the records, one JSON text a line. What one sync
 * covered is one batch, so a batch that does not check out was never acknowledged.
 */
export function encodeBatch(lines: readonly string[]): Buffer {
  const body = Buffer.from(`${lines.join("\n")}\n`);
  const head = Buffer.from(`#${body.length} ${crc32(body).toString(16)}\n`);
  return Buffer.concat([head, body]);
}

export interface Decoded {
  readonly lines: readonly string[];
  /** Bytes of whole batches; what follows is torn. */
  readonly intact: number;
}

/** Whole batches from the start of a file; stops at the first that is cut off or damaged. */
export function decodeBatches(file: Buffer): Decoded {
  const lines: string[] = [];
  let at = 0;
  while (file[at] === 35) {
    const headEnd = file.indexOf(10, at);
    if (headEnd < 0) break;
    const head = /^#(\d+) ([0-9a-f]+)$/.exec(file.toString("latin1", at, headEnd));
    if (head === null) break;
    const body = file.subarray(headEnd + 1, headEnd + 1 + Number(head[1]));
    if (body.length !== Number(head[1]) || crc32(body).toString(16) !== head[2]) break;
    const texts = body.toString("utf8").split("\n");
    texts.pop();
    for (const text of texts) lines.push(text);
    at = headEnd + 1 + body.length;
  }
  return { lines, intact: at };
}
