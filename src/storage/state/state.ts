import { MillwrightError } from "../../errors.ts";

/**
 * Small values by key that many processes look at and change at any moment: hot, shared, and never the only copy of anything. Whoever uses
 * it can go on without. What is acknowledged is seen by every later call of every process and outlives them; the last second
 * may be lost with the machine. Values are bytes: callers that keep numbers would pay for JSON, and the drivers store nothing else.
 *
 * Keys: 1 to 512 bytes of UTF-8 without control characters. Values: up to 1 MiB. Up to 10,000 keys, and 16 MiB, a call. Anything else is
 * `invalid_input`. A store that is away is `unavailable`; one that does not answer in time is `timeout`, and whether the call was carried
 * out is then not known.
 */
export interface State {
  /** undefined: there is none, or its life is over. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** In the order of `keys`, in one round trip; not one moment for all of them. */
  getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  put(key: string, value: Uint8Array, life?: Life): Promise<void>;
  /** Each for itself, in one round trip: others may see some of them before the rest, and a failure may leave some. */
  putMany(entries: readonly Entry[], life?: Life): Promise<void>;
  delete(key: string): Promise<void>;
  /** Only if there is exactly `expected` (undefined: nothing) under the key. false: there is something else. */
  replace(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array,
    life?: Life,
  ): Promise<boolean>;
  /**
   * Adds an integer to the one there, or to 0, and gives the sum. It is kept as decimal text. The life is that of a new counter; one that
   * is there keeps its own. `invalid_input`, and nothing changes, when there is no integer or the sum is beyond ±2^53 - 1.
   */
  add(key: string, by: number, life?: Life): Promise<number>;
  /**
   * A part of the keys that begin with `prefix`, in no order, perhaps none of them; `next` leads to the next part. A key that is there all
   * the while comes at least once.
   */
  keys(prefix: string, from?: string): Promise<KeyPage>;
  close(): Promise<void>;
}

export interface Life {
  /** Whole milliseconds from now, 1 to a year's; for ever when left out. */
  readonly ttlMs?: number;
}

export type Entry = readonly [key: string, value: Uint8Array];

export interface KeyPage {
  readonly keys: readonly string[];
  /** undefined: that was all. */
  readonly next: string | undefined;
}

/** What `add` says when it cannot. */
export const noCounter = (key: string): MillwrightError =>
  new MillwrightError(
    "invalid_input",
    `State, key ${JSON.stringify(key)}: nothing can be added; it holds no integer, or the sum is beyond ±(2^53 - 1).`,
  );

/** Every key that begins with `prefix` and is there all the while, each once. */
export async function keysUnder(state: State, prefix: string): Promise<string[]> {
  const found = new Set<string>();
  let from: string | undefined;
  do {
    const page = await state.keys(prefix, from);
    for (const key of page.keys) found.add(key);
    from = page.next;
  } while (from !== undefined);
  return [...found];
}
