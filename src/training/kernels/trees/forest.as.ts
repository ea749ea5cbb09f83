// Random forests. One column at a time, one tree a thread. Cells are f64: (sum of w y, sum of w), or K sums of w by class. Cells are zero
// between calls. Below 512 rows a bitmap of touched bins saves looking at all 256: most nodes of a deep tree are small.

const SMALL = 512;
// Where this thread keeps its bitmap of four u64: globals are the instance's own, memory is not.
let BITS: usize = 0;
export function useBitmap(p: usize): void { BITS = p; }

/** (sum of w y, sum of w) of idx[s..e); copies the pairs to pS in that order, so that each column tried finds them in a line. */
export function pairSums(pG: usize, pI: usize, s: i32, e: i32, out: usize, pS: usize): void {
  let t = f64x2.splat(0);
  for (let i = s; i < e; i++, pS += 16) {
    const v = v128.load(pG + (<usize>load<i32>(pI + (<usize>i << 2)) << 4));
    t = f64x2.add(t, v);
    v128.store(pS, v);
  }
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
export function pairSplit(pC: usize, column: i32, cuts: i32, pI: usize, s: i32, e: i32, pS: usize, pH: usize, Y: f64, W: f64, minW: f64, out: usize): void {
  touch(pC, pI, s, e);
  for (let i = s; i < e; i++, pS += 16) {
    const a = pH + (<usize>load<u8>(pC + <usize>load<i32>(pI + (<usize>i << 2))) << 4);
    v128.store(a, f64x2.add(v128.load(a), v128.load(pS)));
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
