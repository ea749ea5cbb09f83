// Histograms of boosting, and the best split of one.
//
// A histogram cell of boosting is one i64: the sum of quantised gradients in the high 32 bits (signed) and of quantised hessians in the
// low 32 (unsigned). Integer sums do not depend on the order of addition, so any division of rows among threads gives the
// same bits, subtraction is exact, and a cell takes half the cache of two doubles. Rows are added to 256 cells a column; a node keeps,
// feature by feature at the byte offsets `pO` (i32), only the cells of bins there are, and after them that of missing values.

/** From the cells of one column to those of the next (COLUMN_BYTES in boost-layout.ts). */
const STRIDE: usize = 2112;

/** Adds rows idx[s..e) to the cells of `columns` neighbouring columns of the row-major bins. */
export function hist(pB: usize, stride: i32, columns: i32, pI: usize, s: i32, e: i32, pQ: usize, pH: usize): void {
  const blocks = columns >> 2, rest = columns & 3;
  for (let i = s; i < e; i++) {
    const r = <usize>load<i32>(pI + (<usize>i << 2));
    const q = load<i64>(pQ + (r << 3));
    let o = pB + r * <usize>stride, base = pH;
    for (let j = 0; j < blocks; j++, o += 4, base += 4 * STRIDE) {
      const a = base + (<usize>load<u8>(o) << 3), b = base + (<usize>load<u8>(o, 1) << 3);
      const c = base + (<usize>load<u8>(o, 2) << 3), d = base + (<usize>load<u8>(o, 3) << 3);
      store<i64>(a, load<i64>(a) + q);
      store<i64>(b, load<i64>(b, STRIDE) + q, STRIDE);
      store<i64>(c, load<i64>(c, 2 * STRIDE) + q, 2 * STRIDE);
      store<i64>(d, load<i64>(d, 3 * STRIDE) + q, 3 * STRIDE);
    }
    for (let j = 0; j < rest; j++, o++, base += STRIDE) {
      const a = base + (<usize>load<u8>(o) << 3);
      store<i64>(a, load<i64>(a) + q);
    }
  }
}

/**
 * Moves what `hist` summed of `columns` columns into a node's histogram, all 0 before, and leaves 0. pShape: two i32 a column, its codes
 * and its features; pC: byte offsets of cells in the node's histogram (i32): for each code and each of its features one; of a single
 * feature, whose codes are its bins but the missing one, just the first.
 */
export function collect(pS: usize, columns: i32, pShape: usize, pC: usize, pH: usize): void {
  for (let j = 0; j < columns; j++, pS += STRIDE, pShape += 8) {
    const end = pS + (<usize>load<i32>(pShape) << 3);
    const size = <usize>load<i32>(pShape, 4) << 2;
    if (size == 4) { single(pS, end, pH + <usize>load<u32>(pC)); pC += 4; continue; }
    for (let p = pS; p < end; p += 8) {
      const next = pC + size;
      const cell = load<i64>(p);
      if (cell != 0) for (store<i64>(p, 0); pC < next; pC += 4) {
        const a = pH + <usize>load<u32>(pC);
        store<i64>(a, load<i64>(a) + cell);
      }
      pC = next;
    }
  }
}

/** Two cells at a time: one too many is where that of missing values goes, which is the last. */
// @ts-ignore: decorator
@inline
function single(p: usize, end: usize, to: usize): void {
  const missing = load<i64>(p, 2040);
  store<i64>(p, 0, 2040);
  const last = to + (end - p);
  for (; p < end; p += 16, to += 16) {
    v128.store(to, v128.load(p));
    v128.store(p, i64x2.splat(0));
  }
  store<i64>(last, missing);
}

export function clear(p: usize, bytes: usize): void { memory.fill(p, 0, bytes); }
export function add(p: usize, q: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(p + i, i64x2.add(v128.load(p + i), v128.load(q + i)));
}
export function sub(p: usize, q: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(p + i, i64x2.sub(v128.load(p + i), v128.load(q + i)));
}

// @ts-ignore: decorator
@inline
function score(left: i64, all: i64, lambda: v128): f64 {
  const v = i64x2.replace_lane(i64x2.splat(left), 1, all - left);
  const g = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(v, v, 1, 3, 1, 3));
  const h = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(v, v, 0, 2, 0, 2));
  const q = f64x2.div(f64x2.mul(g, g), f64x2.add(h, lambda));
  return f64x2.extract_lane(q, 0) + f64x2.extract_lane(q, 1);
}

/** Gain of a split whose leaf weights are clipped to [lo, hi]; -Infinity where they are in the wrong order for `sign`. */
// @ts-ignore: decorator
@inline
function clippedScore(left: i64, all: i64, lambda: f64, lo: f64, hi: f64, sign: i32): f64 {
  const right = all - left;
  const gl = <f64>(<i32>(left >> 32)), hl = <f64>(<u32>left) + lambda;
  const gr = <f64>(<i32>(right >> 32)), hr = <f64>(<u32>right) + lambda;
  const wl = max(lo, min(hi, -gl / hl)), wr = max(lo, min(hi, -gr / hr));
  if ((sign > 0 && wl > wr) || (sign < 0 && wl < wr)) return -Infinity;
  return -(2 * gl * wl + hl * wl * wl) - (2 * gr * wr + hr * wr * wr);
}

// @ts-ignore: decorator
@inline
function search(monotone: bool, pH: usize, pO: usize, f0: i32, f1: i32, pN: usize, pMask: usize, lambda: f64, minH: u32, minGain: f64, pSign: usize, lo: f64, hi: f64, out: usize): void {
  // Every feature sees every row: the sum of one's cells is the node's total.
  const first = pH + <usize>load<i32>(pO + (<usize>f0 << 2));
  let tot: i64 = 0;
  for (let b = load<i32>(pN + (<usize>f0 << 2)) + 1; b >= 0; b--) tot += load<i64>(first + (<usize>b << 3));
  const lam = f64x2.splat(lambda);
  const G = <f64>(<i32>(tot >> 32)), H = <f64>(<u32>tot) + lambda;
  let parent = G * G / H;
  if (monotone) { const w = max(lo, min(hi, -G / H)); parent = -(2 * G * w + H * w * w); }
  let best = minGain + parent, left: i64 = 0, feature = -1, bb = 0, side = 0, missing = 0;
  for (let j = f0; j < f1; j++) {
    if (load<u8>(pMask + <usize>j) == 0) continue;
    const sign = monotone ? <i32>load<i8>(pSign + <usize>j) : 0;
    const cuts = load<i32>(pN + (<usize>j << 2));
    const p = pH + <usize>load<i32>(pO + (<usize>j << 2));
    const miss = load<i64>(p + (<usize>cuts << 3), 8);
    // Missing right; then the last threshold, all present rows left, is a split too.
    const last = cuts + <i32>(miss != 0);
    let acc: i64 = 0;
    for (let b = 0; b < last; b++) {
      const cell = load<i64>(p + (<usize>b << 3));
      if (cell == 0) continue;
      acc += cell;
      if (<u32>acc < minH) continue;
      if (<u32>(tot - acc) < minH) break;
      const gain = monotone ? clippedScore(acc, tot, lambda, lo, hi, sign) : score(acc, tot, lam);
      if (gain > best) { best = gain; left = acc; feature = j; bb = b; side = 0; missing = <i32>(miss != 0); }
    }
    if (miss == 0) continue;
    acc = miss;
    for (let b = 0; b < cuts; b++) {
      const cell = load<i64>(p + (<usize>b << 3));
      if (cell == 0) continue;
      acc += cell;
      if (<u32>acc < minH) continue;
      if (<u32>(tot - acc) < minH) break;
      const gain = monotone ? clippedScore(acc, tot, lambda, lo, hi, sign) : score(acc, tot, lam);
      if (gain > best) { best = gain; left = acc; feature = j; bb = b; side = 1; missing = 1; }
    }
  }
  store<f64>(out, best - parent);
  store<i32>(out, feature, 8);
  store<i32>(out, bb, 12);
  store<i32>(out, side, 16);
  store<i32>(out, missing, 20);
  if (monotone) {
    const right = tot - left;
    const wl = -<f64>(<i32>(left >> 32)) / (<f64>(<u32>left) + lambda), wr = -<f64>(<i32>(right >> 32)) / (<f64>(<u32>right) + lambda);
    store<f64>(out, (max(lo, min(hi, wl)) + max(lo, min(hi, wr))) / 2, 24);
  }
}

/**
 * The best split of features [f0, f1) in quantised units (`lambda`, `minH` and `minGain` are divided by the step of h). Every
 * threshold is tried with the missing rows on the right and, if there are any, on the left.
 * out: f64 gain; i32 feature (-1: none), bin, missing goes left, the node has missing rows there.
 */
export function split(pH: usize, pO: usize, f0: i32, f1: i32, pN: usize, pMask: usize, lambda: f64, minH: u32, minGain: f64, out: usize): void {
  search(false, pH, pO, f0, f1, pN, pMask, lambda, minH, minGain, 0, 0, 0, out);
}

/** The same under monotone constraints (sign an i8 a feature) with leaf weights kept in [lo, hi]; out ends with f64 the middle of the two weights. */
export function splitMonotone(pH: usize, pO: usize, f0: i32, f1: i32, pN: usize, pMask: usize, lambda: f64, minH: u32, minGain: f64, pSign: usize, lo: f64, hi: f64, out: usize): void {
  search(true, pH, pO, f0, f1, pN, pMask, lambda, minH, minGain, pSign, lo, hi, out);
}
