// Kernels of boosted trees and random forests (AssemblyScript). All pointers are byte offsets into one shared memory.
//
// A histogram cell of boosting is one i64: the sum of quantised gradients in the high 32 bits (signed) and of quantised hessians in the
// low 32 (unsigned). Integer sums do not depend on the order of addition, so any division of rows among threads gives the
// same bits, subtraction is exact, and a cell takes half the cache of two doubles. 256 cells a feature; bin 255 = missing.

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

export function iota(p: usize, from: i32, to: i32): void {
  for (let i = from; i < to; i++) store<i32>(p + (<usize>i << 2), i);
}

/** Adds rows idx[s..e) to the histograms of `blocks` blocks of four features. */
export function hist(pB: usize, stride: i32, blocks: i32, pI: usize, s: i32, e: i32, pQ: usize, pH: usize): void {
  for (let i = s; i < e; i++) {
    const r = <usize>load<i32>(pI + (<usize>i << 2));
    const q = load<i64>(pQ + (r << 3));
    let o = pB + r * <usize>stride, base = pH;
    for (let j = 0; j < blocks; j++, o += 4, base += 8192) {
      const a = base + (<usize>load<u8>(o) << 3), b = base + (<usize>load<u8>(o, 1) << 3);
      const c = base + (<usize>load<u8>(o, 2) << 3), d = base + (<usize>load<u8>(o, 3) << 3);
      store<i64>(a, load<i64>(a) + q);
      store<i64>(b, load<i64>(b, 2048) + q, 2048);
      store<i64>(c, load<i64>(c, 4096) + q, 4096);
      store<i64>(d, load<i64>(d, 6144) + q, 6144);
    }
  }
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
function search(monotone: bool, pH: usize, f0: i32, f1: i32, pN: usize, pMask: usize, lambda: f64, minH: u32, minGain: f64, pSign: usize, lo: f64, hi: f64, out: usize): void {
  // Every feature sees every row: the sum of the first one's cells is the node's total.
  let tot: i64 = 0;
  for (let b = 0; b < 256; b++) tot += load<i64>(pH + (<usize>b << 3));
  const lam = f64x2.splat(lambda);
  const G = <f64>(<i32>(tot >> 32)), H = <f64>(<u32>tot) + lambda;
  let parent = G * G / H;
  if (monotone) { const w = max(lo, min(hi, -G / H)); parent = -(2 * G * w + H * w * w); }
  let best = minGain + parent, left: i64 = 0, feature = -1, bb = 0, side = 0, missing = 0;
  for (let j = f0; j < f1; j++) {
    if (load<u8>(pMask + <usize>j) == 0) continue;
    const sign = monotone ? <i32>load<i8>(pSign + <usize>j) : 0;
    const cuts = load<i32>(pN + (<usize>j << 2));
    const p = pH + (<usize>(j - f0) << 11);
    const miss = load<i64>(p, 2040);
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
export function split(pH: usize, f0: i32, f1: i32, pN: usize, pMask: usize, lambda: f64, minH: u32, minGain: f64, out: usize): void {
  search(false, pH, f0, f1, pN, pMask, lambda, minH, minGain, 0, 0, 0, out);
}

/** The same under monotone constraints (sign an i8 a feature) with leaf weights kept in [lo, hi]; out ends with f64 the middle of the two weights. */
export function splitMonotone(pH: usize, f0: i32, f1: i32, pN: usize, pMask: usize, lambda: f64, minH: u32, minGain: f64, pSign: usize, lo: f64, hi: f64, out: usize): void {
  search(true, pH, f0, f1, pN, pMask, lambda, minH, minGain, pSign, lo, hi, out);
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

/** e^x to about 1e-15 relative for x in [-80, 80]; outside it is clamped. x = k ln 2 + r, Taylor of degree 12 in r. */
// @ts-ignore: decorator
@inline
function exp2(x: v128): v128 {
  x = f64x2.min(f64x2.max(x, f64x2.splat(-80)), f64x2.splat(80));
  const k = f64x2.nearest(f64x2.mul(x, f64x2.splat(1.4426950408889634)));
  let r = f64x2.sub(x, f64x2.mul(k, f64x2.splat(6.93147180369123816490e-1)));
  r = f64x2.sub(r, f64x2.mul(k, f64x2.splat(1.90821492927058770002e-10)));
  let p = f64x2.splat(1.0 / 479001600);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 39916800));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 3628800));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 362880));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 40320));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  const e = i64x2.shl(i64x2.extend_low_i32x4_s(i32x4.add(i32x4.trunc_sat_f64x2_s_zero(k), i32x4.splat(1023))), 52);
  return f64x2.mul(p, e);
}

/** Writes (g, h) as two f32 and raises the running maxima at `out` (f64 max |g|, f64 max h). */
// @ts-ignore: decorator
@inline
function put(pG: usize, i: i32, g: f64, h: f64, out: usize): void {
  store<f32>(pG + (<usize>i << 3), <f32>g);
  store<f32>(pG + (<usize>i << 3), <f32>h, 4);
  store<f64>(out, max(load<f64>(out), abs(g)));
  store<f64>(out, max(load<f64>(out, 8), h), 8);
}

// @ts-ignore: decorator
@inline
function weight(pW: usize, i: i32): f64 { return pW == 0 ? 1 : <f64>load<f32>(pW + (<usize>i << 2)); }

/** Log-loss of a binary target: g = (p - y) w, h = p (1 - p) w. Margins and targets are f64. */
export function logistic(pM: usize, pY: usize, pW: usize, pG: usize, from: i32, to: i32, out: usize): void {
  for (let i = from; i < to; i += 2) {
    const m = v128.load(pM + (<usize>i << 3));
    const p = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), exp2(f64x2.neg(m))));
    const p0 = f64x2.extract_lane(p, 0), p1 = f64x2.extract_lane(p, 1);
    const w0 = weight(pW, i);
    put(pG, i, (p0 - load<f64>(pY + (<usize>i << 3))) * w0, max(p0 * (1 - p0), 1e-16) * w0, out);
    if (i + 1 < to) {
      const w1 = weight(pW, i + 1);
      put(pG, i + 1, (p1 - load<f64>(pY + (<usize>i << 3), 8)) * w1, max(p1 * (1 - p1), 1e-16) * w1, out);
    }
  }
}

/** Softmax of margins [K][stride] into f32 probabilities [K][stride]. */
export function softmax(pM: usize, pP: usize, stride: i32, K: i32, from: i32, to: i32): void {
  const step = <usize>stride << 3;
  for (let i = from; i < to; i += 2) {
    let top = f64x2.splat(-Infinity);
    let p = pM + (<usize>i << 3);
    for (let k = 0; k < K; k++, p += step) top = f64x2.max(top, v128.load(p));
    let sum = f64x2.splat(0);
    p = pM + (<usize>i << 3);
    for (let k = 0; k < K; k++, p += step) sum = f64x2.add(sum, exp2(f64x2.sub(v128.load(p), top)));
    p = pM + (<usize>i << 3);
    let o = pP + (<usize>i << 2);
    for (let k = 0; k < K; k++, p += step, o += <usize>stride << 2) {
      const v = f64x2.div(exp2(f64x2.sub(v128.load(p), top)), sum);
      store<f32>(o, <f32>f64x2.extract_lane(v, 0));
      if (i + 1 < to) store<f32>(o, <f32>f64x2.extract_lane(v, 1), 4);
    }
  }
}

/** Gradient of class k of a softmax: g = (p - [y = k]) w, h = 2 p (1 - p) w, as XGBoost. */
export function softgrad(pP: usize, pY: usize, k: i32, pW: usize, pG: usize, from: i32, to: i32, out: usize): void {
  for (let i = from; i < to; i++) {
    const p = <f64>load<f32>(pP + (<usize>i << 2));
    const t = <f64>(load<f64>(pY + (<usize>i << 3)) == <f64>k);
    const w = weight(pW, i);
    put(pG, i, (p - t) * w, max(2 * p * (1 - p), 1e-16) * w, out);
  }
}

/** Regression: g = residual clipped to +-delta, times unit, times w (delta Infinity: squared error; tiny, unit 1 / delta: absolute); h = w. */
export function residual(pM: usize, pY: usize, pW: usize, pG: usize, from: i32, to: i32, delta: f64, unit: f64, out: usize): void {
  for (let i = from; i < to; i++) {
    const r = load<f64>(pM + (<usize>i << 3)) - load<f64>(pY + (<usize>i << 3));
    const w = weight(pW, i);
    put(pG, i, max(min(r, delta), -delta) * unit * w, w, out);
  }
}

/**
 * (g, h) times (sg, sh) to integers by stochastic rounding, which keeps sums unbiased: small gradients of many easy rows do
 * not vanish (Shi et al. 2022, "Quantized Training of Gradient Boosting Decision Trees"). The dither is a hash of row and
 * `salt`, not of the thread.
 */
export function quantise(pG: usize, pQ: usize, from: i32, to: i32, sg: f64, sh: f64, salt: u32): void {
  for (let i = from; i < to; i++) {
    let x = <u32>i * 0x9e3779b1 ^ salt;
    x ^= x >> 16; x *= 0x85ebca6b; x ^= x >> 13; x *= 0xc2b2ae35; x ^= x >> 16;
    const u = <f64>(x & 0xffff) / 65536, v = <f64>(x >> 16) / 65536;
    const g = <i64>floor(<f64>load<f32>(pG + (<usize>i << 3)) * sg + u);
    const h = <i64>floor(<f64>load<f32>(pG + (<usize>i << 3), 4) * sh + v);
    store<i64>(pQ + (<usize>i << 3), (g << 32) + h);
  }
}

/** Exact sums of g and h over idx[s..e), in that order. */
export function sums(pG: usize, pI: usize, s: i32, e: i32, out: usize): void {
  let t = f64x2.splat(0);
  for (let i = s; i < e; i++) t = f64x2.add(t, f64x2.promote_low_f32x4(v128.load64_zero(pG + (<usize>load<i32>(pI + (<usize>i << 2)) << 3))));
  v128.store(out, t);
}

export function update(pI: usize, s: i32, e: i32, value: f64, pM: usize): void {
  for (let i = s; i < e; i++) {
    const p = pM + (<usize>load<i32>(pI + (<usize>i << 2)) << 3);
    store<f64>(p, load<f64>(p) + value);
  }
}

// ---- Random forests -------------------------------------------------------------------------------------------------
// One column at a time, one tree a thread. Cells are f64: (sum of w y, sum of w), or K sums of w by class. Cells are zero
// between calls. Below 512 rows a bitmap of touched bins saves looking at all 256: most nodes of a deep tree are small.

const SMALL = 512;
// Where this thread keeps its bitmap of four u64: globals are the instance's own, memory is not.
let BITS: usize = 0;
export function useBitmap(p: usize): void { BITS = p; }

/** (sum of w y, sum of w) of idx[s..e). */
export function pairSums(pG: usize, pI: usize, s: i32, e: i32, out: usize): void {
  let t = f64x2.splat(0);
  for (let i = s; i < e; i++) t = f64x2.add(t, v128.load(pG + (<usize>load<i32>(pI + (<usize>i << 2)) << 4)));
  v128.store(out, t);
}

/** Sums of w by class of idx[s..e); classes are the f64 first in each pair. */
export function classSums(pG: usize, pI: usize, s: i32, e: i32, out: usize, K: i32): void {
  memory.fill(out, 0, <usize>K << 3);
  for (let i = s; i < e; i++) {
    const g = pG + (<usize>load<i32>(pI + (<usize>i << 2)) << 4);
    const a = out + (<usize>load<f64>(g) << 3);
    store<f64>(a, load<f64>(a) + load<f64>(g, 8));
  }
}

// @ts-ignore: decorator
@inline
function mark(b: usize): void {
  const a = BITS + ((b >> 6) << 3);
  store<u64>(a, load<u64>(a) | (<u64>1 << (<u64>b & 63)));
}

/** The next touched bin after `b`, or 256. */
// @ts-ignore: decorator
@inline
function next(b: i32): i32 {
  b++;
  for (let k = b >> 6; k < 4; k++) {
    let bits = load<u64>(BITS + (<usize>k << 3));
    if (k == b >> 6) bits &= ~<u64>0 << (<u64>b & 63);
    if (bits != 0) return (k << 6) + <i32>ctz(bits);
  }
  return 256;
}

function touch(pC: usize, pI: usize, s: i32, e: i32): void {
  if (e - s >= SMALL) { memory.fill(BITS, 255, 32); return; }
  memory.fill(BITS, 0, 32);
  for (let i = s; i < e; i++) mark(<usize>load<u8>(pC + <usize>load<i32>(pI + (<usize>i << 2))));
}

/** Tells `out` of a better split: f64 score; i32 column, bin, missing goes left, missing seen. */
// @ts-ignore: decorator
@inline
function better(out: usize, score: f64, column: i32, bin: i32, side: i32, missing: i32): void {
  if (score <= load<f64>(out)) return;
  store<f64>(out, score);
  store<i32>(out, column, 8); store<i32>(out, bin, 12); store<i32>(out, side, 16); store<i32>(out, missing, 20);
}

/**
 * Best split of one column for squared error (binary Gini is twice that): maximises yl^2 / wl + yr^2 / wr, which must beat
 * the score in `out`. Both sides keep at least minW.
 */
export function pairSplit(pC: usize, column: i32, cuts: i32, pI: usize, s: i32, e: i32, pG: usize, pH: usize, Y: f64, W: f64, minW: f64, out: usize): void {
  touch(pC, pI, s, e);
  for (let i = s; i < e; i++) {
    const r = <usize>load<i32>(pI + (<usize>i << 2));
    const a = pH + (<usize>load<u8>(pC + r) << 4);
    v128.store(a, f64x2.add(v128.load(a), v128.load(pG + (r << 4))));
  }
  const my = load<f64>(pH, 4080), mw = load<f64>(pH, 4088);
  for (let side = 0; side < (mw > 0 ? 2 : 1); side++) {
    let yl = side == 1 ? my : 0, wl = side == 1 ? mw : 0;
    const last = cuts + (mw > 0 && side == 0 ? 1 : 0);
    for (let b = next(-1); b < last; b = next(b)) {
      const cell = pH + (<usize>b << 4);
      const w = load<f64>(cell, 8);
      if (w == 0) continue;
      yl += load<f64>(cell); wl += w;
      if (wl < minW) continue;
      const wr = W - wl;
      if (wr < minW) break;
      const yr = Y - yl;
      better(out, yl * yl / wl + yr * yr / wr, column, b, side, <i32>(mw > 0));
    }
  }
  for (let b = next(-1); b < 256; b = next(b)) v128.store(pH + (<usize>b << 4), f64x2.splat(0));
}

/** The same for K classes (Gini): maximises sum_k lk^2 / wl + sum_k rk^2 / wr. pT: the node's class sums; pL: K f64 of scratch. */
export function classSplit(pC: usize, column: i32, cuts: i32, pI: usize, s: i32, e: i32, pG: usize, pH: usize, K: i32, pT: usize, pL: usize, W: f64, minW: f64, out: usize): void {
  touch(pC, pI, s, e);
  const size = <usize>K << 3;
  for (let i = s; i < e; i++) {
    const r = <usize>load<i32>(pI + (<usize>i << 2));
    const g = pG + (r << 4);
    const a = pH + <usize>load<u8>(pC + r) * size + (<usize>load<f64>(g) << 3);
    store<f64>(a, load<f64>(a) + load<f64>(g, 8));
  }
  const miss = pH + 255 * size;
  let mw: f64 = 0;
  for (let k: usize = 0; k < size; k += 8) mw += load<f64>(miss + k);
  for (let side = 0; side < (mw > 0 ? 2 : 1); side++) {
    let wl: f64 = 0;
    if (side == 1) { memory.copy(pL, miss, size); wl = mw; } else memory.fill(pL, 0, size);
    const last = cuts + (mw > 0 && side == 0 ? 1 : 0);
    for (let b = next(-1); b < last; b = next(b)) {
      const cell = pH + <usize>b * size;
      let w: f64 = 0, sl: f64 = 0, sr: f64 = 0;
      for (let k: usize = 0; k < size; k += 8) {
        const v = load<f64>(cell + k), l = load<f64>(pL + k) + v, r = load<f64>(pT + k) - l;
        store<f64>(pL + k, l);
        w += v; sl += l * l; sr += r * r;
      }
      if (w == 0) continue;
      wl += w;
      if (wl < minW) continue;
      const wr = W - wl;
      if (wr < minW) break;
      better(out, sl / wl + sr / wr, column, b, side, <i32>(mw > 0));
    }
  }
  for (let b = next(-1); b < 256; b = next(b)) memory.fill(pH + <usize>b * size, 0, size);
}
