/** Ids sort by creation time: prefix, 10 characters of milliseconds, 12 of chance, in Crockford's base 32 (as ULID). */
export type Id<P extends string> = `${P}_${string}`;

/** Crockford's base 32. */
export const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** @param chance uniform in [0, 1); pass a cryptographic source for ids that leave the process. */
export function newId<P extends string>(prefix: P, nowMs: number, chance: () => number): Id<P> {
  const whole = Math.floor(nowMs);
  if (whole !== lastMs) {
    lastMs = whole;
    lastTime = timeText(whole);
  }
  let rest = "";
  for (let i = 0; i < 12; i++) rest += ALPHABET[Math.floor(chance() * 32)];
  return `${prefix}_${lastTime}${rest}`;
}

/** A busy gateway makes many ids in one millisecond. */
let lastMs = Number.NaN;
let lastTime = "";

function timeText(ms: number): string {
  let text = "";
  for (let t = ms, i = 0; i < 10; i++, t = Math.floor(t / 32)) text = ALPHABET[t % 32] + text;
  return text;
}
