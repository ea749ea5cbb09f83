import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MillwrightError } from "../../errors.ts";
import { newId } from "../../lib/ids.ts";
import { encodeBatch } from "./frames.ts";
import { type JournalFile, openJournalFile } from "./journal-file.ts";
import { thisProcess } from "./owner.ts";
import { CLOSED, makeDirectory, OPEN, OWNER, removeLeftovers, syncDirectory } from "./segments.ts";

/**
 * An append-only file of this process, where acknowledged means kept: `append` resolves when the disk has it. Appends that arrive
 * while a sync is running share the next one (group commit), so the cost of a sync is divided by the load.
 *
 *   gathering → writing → synced (resolve)
 *                  └── failed (reject) → the file is cut back to the last synced byte and closed; the next batch opens a new one
 */
export interface Journal {
  /** Names the directory of this process under the root. */
  readonly instance: string;
  /** Bytes waiting for their sync. */
  readonly pendingBytes: number;
  /**
   * @param lines JSON texts without line breaks.
   * Rejects with `storage_full` when there is no space (nothing is kept, a later call may succeed), `overloaded` when more
   * than `maxPendingBytes` wait, `unavailable` after `close` or when the disk fails.
   */
  append(lines: readonly string[]): Promise<void>;
  /** Closes the current segment, so that it can be shipped. */
  rotate(): Promise<void>;
  close(): Promise<void>;
}

export interface JournalOptions {
  /** A segment is closed beyond so many bytes. 16 MiB when left out. */
  readonly maxSegmentBytes?: number;
  /** A segment is closed after so long. 60 s when left out. */
  readonly maxSegmentAgeMs?: number;
  /** 64 MiB when left out. */
  readonly maxPendingBytes?: number;
  /** How a segment's file is opened; for tests of failing disks. */
  readonly openFile?: (path: string) => Promise<JournalFile>;
}

interface OpenSegment {
  readonly file: JournalFile;
  readonly path: string;
  /** Synced so far. */
  bytes: number;
  readonly openedAt: number;
}

interface Batch {
  readonly lines: string[];
  bytes: number;
  readonly done: Promise<void>;
  readonly settle: (error?: MillwrightError) => void;
}

export async function openJournal(root: string, options: JournalOptions = {}): Promise<Journal> {
  await removeLeftovers(root);
  const instance = newId("jrn", Date.now(), Math.random);
  const directory = join(root, instance);
  await makeDirectory(directory);
  await writeFile(join(directory, OWNER), JSON.stringify(thisProcess()), { flush: true });
  await syncDirectory(directory);
  await syncDirectory(root);
  return new JournalWriter(instance, directory, options);
}

class JournalWriter implements Journal {
  readonly instance: string;
  readonly #directory: string;
  readonly #options: JournalOptions;
  readonly #ageTimer: NodeJS.Timeout;
  #gathering: Batch | undefined;
  #writing: Promise<void> = Promise.resolve();
  #pendingBytes = 0;
  #closed = false;
  #number = 0;
  #segment: OpenSegment | undefined;

  constructor(instance: string, directory: string, options: JournalOptions) {
    this.instance = instance;
    this.#directory = directory;
    this.#options = options;
    const age = options.maxSegmentAgeMs ?? 60_000;
    this.#ageTimer = setInterval(
      () => {
        if (this.#segment !== undefined && Date.now() - this.#segment.openedAt >= age)
          this.rotate().catch(() => undefined);
      },
      Math.min(age, 1000),
    ).unref();
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  append(lines: readonly string[]): Promise<void> {
    if (this.#closed)
      return Promise.reject(new MillwrightError("unavailable", "This process is shutting down."));
    if (this.#pendingBytes > (this.#options.maxPendingBytes ?? 64 * 1024 * 1024))
      return Promise.reject(
        new MillwrightError("overloaded", "The disk does not keep up with the log; try later."),
      );
    if (lines.length === 0) return Promise.resolve();
    const batch = this.#gathering ?? this.#newBatch();
    for (const line of lines) {
      batch.lines.push(line);
      batch.bytes += line.length + 1;
      this.#pendingBytes += line.length + 1;
    }
    return batch.done;
  }

  rotate(): Promise<void> {
    return this.#enqueue(() => this.#closeSegment());
  }

  async close(): Promise<void> {
    if (this.#closed) return this.#writing;
    this.#closed = true;
    clearInterval(this.#ageTimer);
    while (this.#gathering !== undefined) await this.#gathering.done.catch(() => undefined);
    await this.#enqueue(() => this.#closeSegment());
  }

  /** The batch is written when the one before it is synced, and not before the current turn of the event loop is over. */
  #newBatch(): Batch {
    let settle: Batch["settle"] = () => {};
    const done = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    const batch: Batch = { lines: [], bytes: 0, done, settle };
    this.#gathering = batch;
    void this.#enqueue(
      () => new Promise<void>((resolve) => setImmediate(() => resolve(this.#write(batch)))),
    );
    return batch;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const next = this.#writing.then(work);
    this.#writing = next.catch(() => undefined);
    return next;
  }

  async #write(batch: Batch): Promise<void> {
    this.#gathering = undefined;
    try {
      const bytes = encodeBatch(batch.lines);
      const segment = this.#segment ?? (await this.#openSegment());
      await segment.file.append(bytes, segment.bytes);
      segment.bytes += bytes.length;
      batch.settle();
      if (segment.bytes >= (this.#options.maxSegmentBytes ?? 16 * 1024 * 1024))
        await this.#closeSegment();
    } catch (cause) {
      batch.settle(asStorageError(cause));
      // After a failed sync the kernel may have dropped the pages and call the next sync a success: never reuse the file.
      await this.#abandonSegment();
    } finally {
      this.#pendingBytes -= batch.bytes;
    }
  }

  async #openSegment(): Promise<OpenSegment> {
    const path = join(this.#directory, `${String(++this.#number).padStart(8, "0")}${OPEN}`);
    const file = await (this.#options.openFile ?? openJournalFile)(path);
    this.#segment = { file, path, bytes: 0, openedAt: Date.now() };
    await syncDirectory(this.#directory);
    return this.#segment;
  }

  async #closeSegment(): Promise<void> {
    const segment = this.#segment;
    if (segment === undefined) return;
    this.#segment = undefined;
    await segment.file.truncate(segment.bytes).finally(() => segment.file.close());
    await rename(segment.path, segment.path.replace(/\.open$/, CLOSED));
    await syncDirectory(this.#directory);
  }

  /** Should even this fail, readers stop at the last whole batch, and the segment counts as closed when the process ends. */
  async #abandonSegment(): Promise<void> {
    const segment = this.#segment;
    if (segment === undefined) return;
    this.#segment = undefined;
    try {
      await segment.file.truncate(segment.bytes).finally(() => segment.file.close());
      if (segment.bytes === 0) await rm(segment.path);
      else await rename(segment.path, segment.path.replace(/\.open$/, CLOSED));
    } catch {}
  }
}

function asStorageError(cause: unknown): MillwrightError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new MillwrightError(
      "storage_full",
      "The disk of the prediction log is full: nothing was kept, so nothing was answered. Free some space and call again.",
      { cause },
    );
  return new MillwrightError("unavailable", `The log could not be written: ${message}`, { cause });
}
