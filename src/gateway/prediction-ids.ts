import { randomFillSync } from "node:crypto";
import { newId } from "../lib/ids.ts";

export const predictionIds = (): (() => string) => {
  const chance = cryptographicChance();
  return () => newId("pred", Date.now(), chance);
};

/** Uniform in [0, 1) from the system's generator, 4 KiB at a time. */
function cryptographicChance(): () => number {
  const pool = new Uint32Array(1024);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    return pool[at++]! / 2 ** 32;
  };
}
