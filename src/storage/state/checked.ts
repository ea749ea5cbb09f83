import { MillwrightError } from "../../errors.ts";
import type { Entry, Life, State } from "./state.ts";

const KEY_BYTES = 512;
const VALUE_BYTES = 2 ** 20;
const MOST_KEYS = 10_000;
const CALL_BYTES = 16 * 2 ** 20;
const YEAR_MS = 366 * 86_400_000;

/** A store whose calls stay within the limits of the port, whatever the driver would take. */
export function checked(state: State): State {
  return {
    async get(key) {
      checkKey(key);
      return state.get(key);
    },
    async getMany(keys) {
      checkCount(keys.length);
      for (const key of keys) checkKey(key);
      return keys.length === 0 ? [] : state.getMany(keys);
    },
    async put(key, value, life) {
      checkEntry([key, value]);
      return state.put(key, value, checkLife(life));
    },
    async putMany(entries, life) {
      checkCount(entries.length);
      let bytes = 0;
      for (const entry of entries) {
        checkEntry(entry);
        bytes += entry[1].length;
      }
      if (bytes > CALL_BYTES)
        throw wrong("entries", `${bytes} bytes`, `at most ${CALL_BYTES} bytes a call`);
      if (entries.length > 0) await state.putMany(entries, checkLife(life));
    },
    async delete(key) {
      checkKey(key);
      return state.delete(key);
    },
    async replace(key, expected, value, life) {
      checkEntry([key, value]);
      return state.replace(key, expected, value, checkLife(life));
    },
    async add(key, by, life) {
      checkKey(key);
      if (!Number.isSafeInteger(by)) throw wrong("by", by, "an integer within ±(2^53 - 1)");
      return state.add(key, by, checkLife(life));
    },
    async keys(prefix, from) {
      if (prefix !== "") checkKey(prefix, "prefix");
      return state.keys(prefix, from);
    },
    close: () => state.close(),
  };
}

function checkKey(key: string, name = "key"): void {
  const bytes = Buffer.byteLength(key);
  if (bytes === 0 || bytes > KEY_BYTES)
    throw wrong(name, shown(key), `1 to ${KEY_BYTES} bytes of UTF-8, not ${bytes}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (/[\u0000-\u001f\u007f]/.test(key) || /\p{Surrogate}/u.test(key))
    throw wrong(name, shown(key), "text without control characters and halves of characters");
}

function checkEntry([key, value]: Entry): void {
  checkKey(key);
  if (value.length > VALUE_BYTES)
    throw wrong(
      "value",
      `${value.length} bytes under ${shown(key)}`,
      `at most ${VALUE_BYTES} bytes`,
    );
}

function checkCount(count: number): void {
  if (count > MOST_KEYS) throw wrong("keys", count, `at most ${MOST_KEYS} a call`);
}

function checkLife(life: Life | undefined): Life | undefined {
  const ms = life?.ttlMs;
  if (ms !== undefined && !(Number.isInteger(ms) && ms >= 1 && ms <= YEAR_MS))
    throw wrong("ttlMs", ms, `whole milliseconds from 1 to ${YEAR_MS}`);
  return life;
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 60));

const wrong = (field: string, value: unknown, expected: string): MillwrightError =>
  new MillwrightError("invalid_input", `State, ${field}: ${value} should be ${expected}.`);
