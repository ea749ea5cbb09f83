/** Ids sort by creation time: prefix, 10 characters of milliseconds, 12 of chance, in Crockford's base 32 (as ULID). */
export type Id<P extends string> = `${P}_${string}`;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** @param chance uniform in [0, 1); pass a cryptographic source for ids that leave the process. */
export function newId<P extends string>(prefix: P, nowMs: number, chance: () => number): Id<P> {
  let time = "";
  for (let t = Math.floor(nowMs), i = 0; i < 10; i++, t = Math.floor(t / 32))
    time = ALPHABET[t % 32] + time;
  let rest = "";
  for (let i = 0; i < 12; i++) rest += ALPHABET[Math.floor(chance() * 32)];
  return `${prefix}_${time}${rest}`;
}
