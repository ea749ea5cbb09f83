import { randomFillSync } from "node:crypto";
import { newId } from "../lib/ids.ts";

/** Ids of predictions: as `newId` makes them, with the system's randomness, 4 KiB at a time. */
export function predictionIds(): () => string {
  const pool = new Uint32Array(1024);
  let at = pool.length;
  const chance = (): number => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    return pool[at++]! / 2 ** 32;
  };
  return () => newId("pred", Date.now(), chance);
}
