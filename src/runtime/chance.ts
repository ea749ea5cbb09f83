import { randomFillSync } from "node:crypto";

/** Uniform in [0, 1) from the system's generator, 4 KiB at a time. */
export function cryptographicChance(): () => number {
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
