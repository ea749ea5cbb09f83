import { mkdir, open as openFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type * as Lmdb from "lmdb";
import { MillwrightError } from "../../errors.ts";
import { wordsOf } from "../../lib/words-of.ts";

/** One folder's database as this process has it open. */
export interface LmdbFolder {
  readonly values: Lmdb.Database<Buffer, string>;
  /** Keys by the end of their lives; ends that were put off are in here, too. */
  readonly ends: Lmdb.Database<Buffer, [number, string]>;
  /** Closed when the last one leaves. */
  leave(): Promise<void>;
}

interface Opened extends Omit<LmdbFolder, "leave"> {
  readonly env: Lmdb.RootDatabase<Buffer, string>;
}

/** Processes that may read at once; the library's 126 would be too few for a large machine's gateways. */
const READERS = 1024;
const MAGIC = 0xbeefc0de;
/** Behind the header of the first page, which has 24 bytes in the LMDB that the library carries. */
const MAGIC_AT = 24;

/** LMDB may be open once a process: a second opening waits for the first one's lock, for ever (seen). */
const folders = new Map<string, { readonly opened: Promise<Opened>; users: number }>();

export async function lmdbFolder(folder: string): Promise<LmdbFolder> {
  const path = resolve(folder);
  const known = folders.get(path) ?? { opened: open(path), users: 0 };
  folders.set(path, known);
  known.users += 1;
  const leave = async (): Promise<void> => {
    known.users -= 1;
    if (known.users > 0) return;
    folders.delete(path);
    await (await known.opened).env.close();
  };
  try {
    const { values, ends } = await known.opened;
    return { values, ends, leave };
  } catch (error) {
    if (folders.get(path) === known) folders.delete(path);
    throw error;
  }
}

async function open(path: string): Promise<Opened> {
  const lmdb = await import("lmdb").catch((cause) => {
    throw new MillwrightError(
      "unavailable",
      `The library of the embedded state store cannot be loaded on ${process.platform}-${process.arch}: ${wordsOf(cause)}. Reinstall without --omit=optional, or set STATE_URL to a Redis or Valkey server (redis://host:6379).`,
      { cause },
    );
  });
  await mkdir(path, { recursive: true, mode: 0o700 });
  await assertOurs(join(path, "data.mdb"));
  const env = lmdb.open<Buffer, string>({
    ...{ path, noSubdir: false, encoding: "binary", maxReaders: READERS, maxDbs: 2 },
  });
  // Slots of processes that were killed.
  env.readerCheck();
  return {
    env,
    values: env.openDB<Buffer, string>({ name: "values", encoding: "binary" }),
    ends: env.openDB<Buffer, [number, string]>({ name: "ends", encoding: "binary" }),
  };
}

/** The library crashes the process on a file that is none of its own (seen with 3.5.6). */
async function assertOurs(file: string): Promise<void> {
  const handle = await openFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  try {
    const head = Buffer.alloc(MAGIC_AT + 4);
    const { bytesRead = 0 } = (await handle?.read(head)) ?? {};
    if (bytesRead > 0 && head.readUInt32LE(MAGIC_AT) !== MAGIC)
      throw new Error(`MDB_INVALID: ${file} is no LMDB file`);
  } finally {
    await handle?.close();
  }
}
