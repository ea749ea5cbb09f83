import { randomFillSync } from "node:crypto";
import { ALPHABET, newId } from "../lib/ids.ts";

/** Two characters of an id for every ten bits. */
const PAIRS = Array.from(
  { length: 1024 },
  (_, bits) => ALPHABET[bits >>> 5]! + ALPHABET[bits & 31]!,
);

/**
 * Ids of predictions: as `newId` makes them, with the system's randomness, 4 KiB at a time. Sixty bits are two numbers of it and six
 * pairs of characters; `newId` asks for twelve numbers, which is much where a request has many rows.
 */
export function predictionIds(now: () => number = Date.now): () => string {
  const pool = new Uint32Array(1024);
  let at = pool.length;
  let ms = Number.NaN;
  let head = "";
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    const [a, b] = [pool[at++]!, pool[at++]!];
    const time = now();
    if (time !== ms) {
      ms = time;
      head = newId("pred", time, () => 0).slice(0, -12);
    }
    const left = PAIRS[a & 1023]! + PAIRS[(a >>> 10) & 1023]! + PAIRS[(a >>> 20) & 1023]!;
    return head + left + PAIRS[b & 1023]! + PAIRS[(b >>> 10) & 1023]! + PAIRS[(b >>> 20) & 1023]!;
  };
}
