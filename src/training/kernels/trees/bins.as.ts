// Bins of columns, their codes, and the order of rows.

/** bin = number of cuts < x (so `bin <= b` is `x <= cuts[b]`), 255 for NaN. Cuts: 256 f32 a feature, padded with +Infinity. pB 0: columns only. */
export function bin(pX: usize, width: i32, pUsed: usize, features: i32, pCuts: usize, from: i32, to: i32, row0: i32, pB: usize, stride: i32, pC: usize, n: i32): void {
  for (let j = 0; j < features; j++) {
    const cuts = pCuts + (<usize>j << 10);
    const x0 = pX + (<usize>load<i32>(pUsed + (<usize>j << 2)) << 2);
    const c0 = pC + <usize>j * <usize>n + <usize>row0;
    for (let i = from; i < to; i++) {
      const x = load<f32>(x0 + ((<usize>i * <usize>width) << 2));
      let p: usize = cuts;
      p += <usize>(load<f32>(p, 508) < x) << 9;
      p += <usize>(load<f32>(p, 252) < x) << 8;
      p += <usize>(load<f32>(p, 124) < x) << 7;
      p += <usize>(load<f32>(p, 60) < x) << 6;
      p += <usize>(load<f32>(p, 28) < x) << 5;
      p += <usize>(load<f32>(p, 12) < x) << 4;
      p += <usize>(load<f32>(p, 4) < x) << 3;
      p += <usize>(load<f32>(p) < x) << 2;
      const b = select<u32>(<u32>((p - cuts) >> 2), 255, x == x);
      store<u8>(c0 + <usize>i, b);
      if (pB != 0) store<u8>(pB + <usize>(row0 + i) * <usize>stride + <usize>j, b);
    }
  }
}

const CODES = 256;

/**
 * Numbers the pairs (a, b) that n rows have from 0 on: each row's number to `pOut` (may be pA), each number's pair, a x 256 + b (u16),
 * to `pPairs`. Returns how many there are, or 0, and writes no row, where they are more than 256. pN: 65,536 u16, zero before and after.
 */
export function join(pA: usize, pB: usize, n: i32, pN: usize, pPairs: usize, pOut: usize): i32 {
  // Some rows all over first: neighbours are alike, and most columns that do not fit are known by few rows.
  let count = numberPairs(pA, pB, n, max(1, n >> 12), pN, pPairs, 0);
  if (count <= CODES) count = numberPairs(pA, pB, n, 1, pN, pPairs, count);
  if (count <= CODES)
    for (let i = 0; i < n; i++)
      store<u8>(pOut + <usize>i, load<u16>(pN + (pairAt(pA, pB, i) << 1)) - 1);
  for (let c = 0; c < min(count, CODES); c++) store<u16>(pN + (<usize>load<u16>(pPairs + (<usize>c << 1)) << 1), 0);
  return count <= CODES ? count : 0;
}

// @ts-ignore: decorator
@inline
function pairAt(pA: usize, pB: usize, i: i32): usize {
  return (<usize>load<u8>(pA + <usize>i) << 8) | <usize>load<u8>(pB + <usize>i);
}

/** Numbers new pairs of every `step`th row from `count` + 1 on; returns how many there are then, 257 for more than 256. */
function numberPairs(pA: usize, pB: usize, n: i32, step: i32, pN: usize, pPairs: usize, count: i32): i32 {
  for (let i = 0; i < n; i += step) {
    const pair = pairAt(pA, pB, i);
    if (load<u16>(pN + (pair << 1)) != 0) continue;
    if (count == CODES) return CODES + 1;
    store<u16>(pPairs + (<usize>count << 1), pair);
    store<u16>(pN + (pair << 1), ++count);
  }
  return count;
}

/** One byte a row, to every `stride`th byte. */
export function spread(pC: usize, n: i32, pB: usize, stride: i32): void {
  for (let i = 0; i < n; i++, pB += <usize>stride) store<u8>(pB, load<u8>(pC + <usize>i));
}

export function iota(p: usize, from: i32, to: i32): void {
  for (let i = from; i < to; i++) store<i32>(p + (<usize>i << 2), i);
}

/** Stable partition of idx[s..e): rows with bin <= bb left; `side` 1 sends missing (255) left. Returns the first right position. */
export function part(pC: usize, bb: i32, side: i32, pI: usize, s: i32, e: i32, pT: usize): i32 {
  let l = pI + (<usize>s << 2), k = pT;
  const limit = bb + side;
  for (let i = s; i < e; i++) {
    const r = load<i32>(pI + (<usize>i << 2));
    const left = <usize>(((<i32>load<u8>(pC + <usize>r) + side) & 255) <= limit);
    store<i32>(l, r);
    store<i32>(k, r);
    l += left << 2;
    k += (1 - left) << 2;
  }
  memory.copy(l, pT, k - pT);
  return <i32>((l - pI) >> 2);
}
