import { crc32 } from "node:zlib";

/** `#<bytes> <crc32 in hex>`, of fixed width, so that a batch is encoded in one pass and its head filled in at the end. */
const HEAD = 20;
/** Larger batches get a buffer of their own. */
const SCRATCH = 1024 * 1024;

/**
 * Makes batches of a journal file: a line `#<bytes> <crc32 in hex>` and the records, one JSON text a line. What one sync covered is
 * one batch, so a batch that does not check out was never acknowledged. The bytes are valid until the next call.
 */
export function batchEncoder(): (lines: readonly string[]) => Buffer {
  const scratch = Buffer.allocUnsafe(SCRATCH);
  return (lines) => {
    const text = `${lines.join("\n")}\n`;
    const fits = HEAD + text.length * 3 <= SCRATCH;
    const bytes = fits ? scratch : Buffer.allocUnsafe(HEAD + Buffer.byteLength(text));
    const end = HEAD + bytes.write(text, HEAD, "utf8");
    const sum = crc32(bytes.subarray(HEAD, end)).toString(16).padStart(8, "0");
    bytes.write(`#${String(end - HEAD).padStart(9, "0")} ${sum}\n`, 0, "latin1");
    return bytes.subarray(0, end);
  };
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
    if (body.length !== Number(head[1]) || crc32(body) !== Number.parseInt(head[2]!, 16)) break;
    const texts = body.toString("utf8").split("\n");
    texts.pop();
    for (const text of texts) lines.push(text);
    at = headEnd + 1 + body.length;
  }
  return { lines, intact: at };
}
