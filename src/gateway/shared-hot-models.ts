import type { Digest } from "../lib/digest.ts";
import type { Log } from "../lib/log.ts";
import { wordsOf } from "../lib/words-of.ts";
import { keysUnder, type State } from "../storage/state/state.ts";

/** Which models are hot at the other gateways. Never throws, and waits no longer than the state's own deadlines. */
export interface SharedHotModels {
  /** Of every gateway's list the first, then of each the second …; none while the state is away. */
  read(): Promise<readonly Digest[]>;
  /** What is hot here, the hottest first. To be repeated: it is forgotten an hour after the last time. */
  write(models: readonly Digest[]): Promise<void>;
  /** Whether the last call failed. */
  away(): boolean;
}

const PREFIX = "gateways/hot/";
const DIGEST_BYTES = 32;
/** A gateway's list: 32 KB. */
const MOST_MODELS = 1000;
const MOST_LISTS = 64;
const LIFE = { ttlMs: 3_600_000 };

/** @param self of this gateway's process, as no other is called. */
export function sharedHotModels(state: State, self: string, log: Log): SharedHotModels {
  let away = false;
  const attempt = async <T>(otherwise: T, body: () => Promise<T>): Promise<T> => {
    try {
      const result = await body();
      if (away) log.info("the shared state can be used again");
      away = false;
      return result;
    } catch (error) {
      if (!away)
        log.warn(
          "the shared state cannot be used; this gateway goes on with what it knows itself",
          {
            why: wordsOf(error),
          },
        );
      away = true;
      return otherwise;
    }
  };
  return {
    away: () => away,
    read: () =>
      attempt<readonly Digest[]>([], async () => {
        const keys = await keysUnder(state, PREFIX);
        const lists = await state.getMany(keys.slice(0, MOST_LISTS));
        return interleaved(lists.map((bytes) => (bytes === undefined ? [] : digestsIn(bytes))));
      }),
    write: (models) =>
      attempt(undefined, () =>
        state.put(`${PREFIX}${self}`, bytesOf(models.slice(0, MOST_MODELS)), LIFE),
      ),
  };
}

/** Each once, in the order of its best place in any list. */
export function interleaved(lists: readonly (readonly Digest[])[]): Digest[] {
  const seen = new Set<Digest>();
  const longest = Math.max(0, ...lists.map((list) => list.length));
  for (let place = 0; place < longest; place++)
    for (const list of lists) if (place < list.length) seen.add(list[place]!);
  return [...seen];
}

const bytesOf = (models: readonly Digest[]): Uint8Array =>
  Buffer.from(models.map((digest) => digest.slice("sha256:".length)).join(""), "hex");

/** What another version of this program may have written is passed over. */
function digestsIn(bytes: Uint8Array): Digest[] {
  if (bytes.length % DIGEST_BYTES !== 0) return [];
  const hex = Buffer.from(bytes).toString("hex");
  return (hex.match(/.{64}/g) ?? []).map((digest): Digest => `sha256:${digest}`);
}
