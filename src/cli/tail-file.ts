import { open, stat } from "node:fs/promises";

const BLOCK = 64 * 1024;

export interface Tail {
  readonly lines: readonly string[];
  /** Where the file ended: what comes later is new. */
  readonly end: number;
}

/** The last `count` lines of a file, read from its end: the size of the file does not matter. A last line without its end counts. */
export async function lastLines(path: string, count: number): Promise<Tail> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    let from = size;
    let bytes = Buffer.alloc(0);
    let breaks = 0;
    // One break more than lines: what stands before it is cut off.
    while (from > 0 && breaks <= count) {
      const length = Math.min(BLOCK, from);
      from -= length;
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, from);
      for (const byte of buffer) if (byte === 0x0a) breaks++;
      bytes = Buffer.concat([buffer, bytes]);
    }
    const lines = bytes.toString("utf8").split(/\r?\n/);
    if (lines.at(-1) === "") lines.pop();
    return { lines: count === 0 ? [] : lines.slice(-count), end: size };
  } finally {
    await file.close();
  }
}

/**
 * Hands over lines as they are appended, until `signal` aborts. A file that shrinks was replaced: it is read from its start.
 * A half-written line waits for its end.
 */
export async function followLines(
  path: string,
  from: number,
  onLines: (lines: readonly string[]) => void,
  signal: AbortSignal,
  pauseMs = 250,
): Promise<void> {
  let at = from;
  let half = Buffer.alloc(0);
  while (!signal.aborted) {
    const size = (await stat(path).catch(() => undefined))?.size ?? 0;
    if (size < at) {
      at = 0;
      half = Buffer.alloc(0);
    }
    if (size > at) {
      const added = await readFrom(path, at, size);
      at += added.length;
      const all = Buffer.concat([half, added]);
      const last = all.lastIndexOf(0x0a);
      half = all.subarray(last + 1);
      if (last >= 0) onLines(all.toString("utf8", 0, last).split(/\r?\n/));
    }
    await pause(pauseMs, signal);
  }
}

async function readFrom(path: string, from: number, to: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const length = Math.min(to - from, 16 * BLOCK);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
