/** Seeded random numbers. The same seed gives the same sequence on every machine and Node version. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
  /** Uniform integer in [0, n). n must be in 1..2^32. */
  int(n: number): number;
  /** Standard normal. */
  normal(): number;
  /** Fisher–Yates, in place. */
  shuffle<T extends { length: number; [i: number]: number }>(values: T): T;
  /** An independent stream named by `key`: adding a consumer does not disturb the others. */
  split(key: string | number): Random;
}

/** xoshiro128** (Blackman & Vigna 2018), seeded by splitmix32 over the FNV-1a hash of the key. */
export function random(seed: number | string): Random {
  let h = 0x811c9dc5;
  for (const c of String(seed)) {
    h = Math.imul(h ^ (c.codePointAt(0) ?? 0), 0x01000193);
  }
  const splitmix = () => {
    h = (h + 0x9e3779b9) | 0;
    let z = h ^ (h >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let [a, b, c, d] = [splitmix(), splitmix(), splitmix(), splitmix()];
  const bits = (): number => {
    const m = Math.imul(b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
  const next = () => bits() / 4294967296;
  let spare = Number.NaN;
  const self: Random = {
    next,
    int: (n) => Math.floor(next() * n),
    normal() {
      if (!Number.isNaN(spare)) {
        const kept = spare;
        spare = Number.NaN;
        return kept;
      }
      // Marsaglia's polar method.
      for (;;) {
        const u = 2 * next() - 1;
        const v = 2 * next() - 1;
        const s = u * u + v * v;
        if (s >= 1 || s === 0) continue;
        const f = Math.sqrt((-2 * Math.log(s)) / s);
        spare = v * f;
        return u * f;
      }
    },
    shuffle(values) {
      for (let i = values.length - 1; i > 0; i--) {
        const j = self.int(i + 1);
        const kept = values[i]!;
        values[i] = values[j]!;
        values[j] = kept;
      }
      return values;
    },
    split: (key) => random(`${seed}/${key}`),
  };
  return self;
}
