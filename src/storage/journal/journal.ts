import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MillwrightError } from "../../errors.ts";
import { newId } from "../../lib/ids.ts";
import { batchEncoder } from "./frames.ts";
import { type JournalFile, openJournalFile } from "./journal-file.ts";
import { thisProcess } from "./owner.ts";
import { CLOSED, makeDirectory, OPEN, OWNER, removeLeftovers, syncDirectory } from "./segments.ts";

/**
 * An append-only file of this process, where acknowledged means kept: `append` resolves when the disk has it. Appends that arrive
 * while a sync is running share the next one (group commit), so the cost of a sync is divided by the load: one encoding, one
 * system call and one promise for all of them.
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
  /** After a full disk the next try is made so much later; appends until then fail at once. 100 ms when left out. */
  readonly retryFullMs?: number;
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
  readonly #encode = batchEncoder();
  #gathering: Batch | undefined;
  #running: Promise<void> | undefined;
  /** Detached segments that are being closed. */
  #closing: Promise<void> = Promise.resolve();
  #pendingBytes = 0;
  #closed = false;
  #rotationWanted = false;
  #number = 0;
  #segment: OpenSegment | undefined;
  #full: { readonly until: number; readonly error: MillwrightError } | undefined;

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
    if (this.#full !== undefined && Date.now() < this.#full.until)
      return Promise.reject(this.#full.error);
    if (lines.length === 0) return Promise.resolve();
    let batch = this.#gathering;
    if (batch === undefined) {
      batch = newBatch();
      this.#gathering = batch;
      void this.#run();
    }
    let bytes = lines.length;
    for (const line of lines) {
      batch.lines.push(line);
      bytes += line.length;
    }
    batch.bytes += bytes;
    this.#pendingBytes += bytes;
    return batch.done;
  }

  async rotate(): Promise<void> {
    this.#rotationWanted = true;
    await this.#run();
    await this.#closing;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#ageTimer);
    while (this.#running !== undefined) await this.#running;
    this.#closeLater();
    await this.#closing;
  }

  /** Writes batch after batch until none is waiting; the first not before the current turn of the event loop is over. */
  #run(): Promise<void> {
    this.#running ??= (async () => {
      await new Promise((resolve) => setImmediate(resolve));
      while (this.#gathering !== undefined || this.#rotationWanted) {
        if (this.#rotationWanted) this.#closeLater();
        this.#rotationWanted = false;
        if (this.#gathering !== undefined) await this.#write(this.#gathering);
      }
      this.#running = undefined;
    })();
    return this.#running;
  }

  async #write(batch: Batch): Promise<void> {
    this.#gathering = undefined;
    try {
      const segment = this.#segment ?? (await this.#openSegment());
      const bytes = this.#encode(batch.lines);
      await segment.file.append(bytes, segment.bytes);
      segment.bytes += bytes.length;
      this.#full = undefined;
      batch.settle();
      if (segment.bytes >= (this.#options.maxSegmentBytes ?? 16 * 1024 * 1024)) this.#closeLater();
    } catch (cause) {
      const error = asStorageError(cause);
      const wait = this.#options.retryFullMs ?? 100;
      if (error.code === "storage_full") this.#full = { until: Date.now() + wait, error };
      batch.settle(error);
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

  /** The next batch opens a new segment; nobody waits until this one has its final name. */
  #closeLater(): void {
    const segment = this.#segment;
    if (segment === undefined) return;
    this.#segment = undefined;
    const finish = async (): Promise<void> => {
      await segment.file.truncate(segment.bytes).finally(() => segment.file.close());
      await rename(segment.path, segment.path.replace(/\.open$/, CLOSED));
      await syncDirectory(this.#directory);
    };
    // A file that cannot be closed is whole up to its last batch, and counts as closed when this process ends.
    this.#closing = this.#closing.then(finish).catch(() => undefined);
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

function newBatch(): Batch {
  let settle: Batch["settle"] = () => {};
  const done = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error));
  });
  return { lines: [], bytes: 0, done, settle };
}

function asStorageError(cause: unknown): MillwrightError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG")
    return new MillwrightError(
      "storage_full",
      "The disk of the prediction log is full: nothing was kept, so nothing was answered. Free some space and call again.",
      { cause },
    );
  return new MillwrightError("unavailable", `The log could not be written: ${message}`, { cause });
}
