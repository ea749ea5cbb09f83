import { MillwrightError } from "../../errors.ts";
import { wordsOf } from "../../lib/words-of.ts";
import { inTime } from "../in-time.ts";
import { type LmdbFolder, lmdbFolder } from "../lmdb/lmdb-folder.ts";
import { type Entry, type Life, noCounter, type State } from "./state.ts";

/** A write waits for the other processes' locks; one that was stopped in its middle holds it for ever. */
const WRITE_MS = 10_000;
const SWEEP_MS = 60_000;
const PAGE = 1000;
/** Milliseconds since 1970 at which the value's life ends, as a float64; 0 = never. In front of every value. */
const HEAD_BYTES = 8;

/**
 * A memory-mapped file shared by the processes of one machine (not over a network's file system, and not between containers that do not
 * see each other's process numbers: LMDB's lock relies on both). The native library is loaded with the first call.
 */
export function lmdbState(folder: string, now: () => number): State {
  let opened: Promise<LmdbFolder> | undefined;
  let sweeping: NodeJS.Timeout | undefined;
  let closed = false;
  const open = (): Promise<LmdbFolder> => {
    if (closed) throw new MillwrightError("unavailable", "The state store is closed.");
    opened ??= lmdbFolder(folder).then(
      (at) => {
        sweeping = setInterval(() => sweep(at), SWEEP_MS).unref();
        return at;
      },
      (error) => {
        opened = undefined;
        throw explained(error, folder);
      },
    );
    return opened;
  };

  const alive = (record: Buffer | undefined): Buffer | undefined => {
    if (record === undefined) return undefined;
    const end = record.readDoubleBE(0);
    return end !== 0 && end <= now() ? undefined : record;
  };
  const contentOf = (record: Buffer | undefined): Uint8Array | undefined =>
    alive(record)?.subarray(HEAD_BYTES);

  /** Inside a transaction, or as part of the next one. */
  const keep = (
    { values, ends }: LmdbFolder,
    [key, value]: Entry,
    end: number,
  ): Promise<unknown> => {
    const record = Buffer.allocUnsafe(HEAD_BYTES + value.length);
    record.writeDoubleBE(end, 0);
    record.set(value, HEAD_BYTES);
    if (end !== 0) void ends.put([end, key], Buffer.alloc(0));
    return values.put(key, record);
  };
  const endOf = (life: Life | undefined): number =>
    life?.ttlMs === undefined ? 0 : now() + life.ttlMs;

  const write = async <T>(body: (at: LmdbFolder) => Promise<T>): Promise<T> => {
    const at = await open();
    return inTime(body(at), WRITE_MS, () => stuck(folder)).catch((error) => {
      throw explained(error, folder);
    });
  };

  /** Removes what nobody can see any more. */
  function sweep({ values, ends }: LmdbFolder): void {
    const due = [...ends.getKeys({ end: [now(), ""], limit: 10_000 })];
    if (due.length === 0) return;
    ends
      .transaction(() => {
        for (const [end, key] of due) {
          const record = values.get(key);
          if (record !== undefined && record.readDoubleBE(0) === end) void values.remove(key);
          void ends.remove([end, key]);
        }
      })
      // The next sweep finds the same again.
      .catch(() => undefined);
  }

  return {
    get: async (key) => contentOf((await open()).values.get(key)),
    async getMany(keys) {
      const { values } = await open();
      return keys.map((key) => contentOf(values.get(key)));
    },
    put: (key, value, life) =>
      write(async (at) => void (await keep(at, [key, value], endOf(life)))),
    putMany: (entries, life) =>
      write(async (at) => {
        const end = endOf(life);
        await Promise.all(entries.map((entry) => keep(at, entry, end)));
      }),
    delete: (key) => write(async ({ values }) => void (await values.remove(key))),
    replace: (key, expected, value, life) =>
      write((at) =>
        at.values.transaction(() => {
          const there = contentOf(at.values.get(key));
          const same =
            there === undefined || expected === undefined
              ? there === expected
              : Buffer.compare(there, expected) === 0;
          if (same) void keep(at, [key, value], endOf(life));
          return same;
        }),
      ),
    add: (key, by, life) =>
      write((at) =>
        at.values.transaction(() => {
          const record = alive(at.values.get(key));
          const text = record?.toString("latin1", HEAD_BYTES);
          const sum = addTo(key, text, by);
          const end = record === undefined ? endOf(life) : record.readDoubleBE(0);
          void keep(at, [key, Buffer.from(String(sum))], end);
          return sum;
        }),
      ),
    async keys(prefix, from) {
      const { values } = await open();
      const keys: string[] = [];
      let last: string | undefined;
      let seen = 0;
      const range = from === undefined ? { start: prefix } : { start: from, exclusiveStart: true };
      for (const key of values.getKeys(range)) {
        if (!key.startsWith(prefix)) return { keys, next: undefined };
        if (alive(values.get(key)) !== undefined) keys.push(key);
        last = key;
        seen += 1;
        if (seen === PAGE) return { keys, next: last };
      }
      return { keys, next: undefined };
    },
    async close() {
      if (closed) return;
      closed = true;
      const at = await opened?.catch(() => undefined);
      clearInterval(sweeping);
      if (at !== undefined)
        await inTime(at.leave(), WRITE_MS, () => stuck(folder)).catch(() => undefined);
    },
  };
}

/** @param text undefined: nothing is there. */
function addTo(key: string, text: string | undefined, by: number): number {
  const sum = text === undefined ? by : /^-?\d{1,16}$/.test(text) ? Number(text) + by : Number.NaN;
  if (Number.isSafeInteger(sum)) return sum;
  throw noCounter(key);
}

const stuck = (folder: string): MillwrightError =>
  new MillwrightError(
    "timeout",
    `The state store in ${folder} did not take a write within ${WRITE_MS} ms: another process holds its lock, perhaps one that was stopped. Whether it will be carried out is not known.`,
  );

function explained(error: unknown, folder: string): unknown {
  if (error instanceof MillwrightError) return error;
  const words = wordsOf(error);
  if (/ENOSPC|No space|MDB_MAP_FULL/i.test(words))
    return new MillwrightError(
      "storage_full",
      `The disk of the state store in ${folder} is full: ${words}. Free some space.`,
      { cause: error },
    );
  if (/MDB_INVALID|MDB_CORRUPTED|MDB_VERSION_MISMATCH|MDB_PAGE_NOTFOUND/i.test(words))
    return new MillwrightError(
      "internal",
      `The state store in ${folder} cannot be read: ${words}. It holds nothing that is not made again: stop the processes that use it, remove the folder, start them.`,
      { cause: error },
    );
  return new MillwrightError(
    "unavailable",
    `The state store in ${folder} cannot be used: ${words}. Check that this user may write there, or set STATE_URL to another place.`,
    { cause: error },
  );
}
