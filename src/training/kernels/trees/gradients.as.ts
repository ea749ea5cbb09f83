// Gradients of boosting, their integers, and what follows from them.

/** 3 x 2^51: a number added to it is rounded to a whole one, which the low bits of the sum are (as two's complement). */
const WHOLE: f64 = 6755399441055744;

/** e^x to about 1e-15 relative for x in [-80, 80]; outside it is clamped. x = k ln 2 + r, Taylor of degree 12 in r. NaN stays. */
// @ts-ignore: decorator
@inline
function exp2(x: v128): v128 {
  x = f64x2.pmin(f64x2.pmax(x, f64x2.splat(-80)), f64x2.splat(80));
  const whole = f64x2.add(f64x2.mul(x, f64x2.splat(1.4426950408889634)), f64x2.splat(WHOLE));
  const k = f64x2.sub(whole, f64x2.splat(WHOLE));
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
  return f64x2.mul(p, i64x2.shl(i64x2.add(whole, i64x2.splat(1023)), 52));
}

/** The larger of each lane of what is not negative. NaN is the largest: the bits are in the order of the numbers. */
// @ts-ignore: decorator
@inline
function larger(a: v128, b: v128): v128 { return v128.bitselect(a, b, i64x2.gt_s(a, b)); }

/** Writes (g, h) of row i and, before `to`, of the next as f32. Returns `top` raised to what is larger: (max |g|, max h). */
// @ts-ignore: decorator
@inline
function put(pG: usize, i: i32, to: i32, g: v128, h: v128, top: v128): v128 {
  const p = pG + (<usize>i << 3);
  const rows = v128.shuffle<i32>(f32x4.demote_f64x2_zero(g), f32x4.demote_f64x2_zero(h), 0, 4, 1, 5);
  g = f64x2.abs(g);
  top = larger(top, v128.shuffle<i64>(g, h, 0, 2));
  if (i + 1 == to) { v128.store64_lane(p, rows, 0); return top; }
  v128.store(p, rows);
  return larger(top, v128.shuffle<i64>(g, h, 1, 3));
}

/** Two f32 as f64: of row i and the next. */
// @ts-ignore: decorator
@inline
function pair(p: usize, i: i32): v128 { return f64x2.promote_low_f32x4(v128.load64_zero(p + (<usize>i << 2))); }

// @ts-ignore: decorator
@inline
function weights(pW: usize, i: i32): v128 { return pW == 0 ? f64x2.splat(1) : pair(pW, i); }

// Gradients of rows [from, to), two at a time, as f32 (g, h); `out` is raised to the maxima (f64 max |g|, f64 max h).

/** Log-loss of a binary target: g = (p - y) w, h = p (1 - p) w. Margins and targets are f64. */
export function logistic(pM: usize, pY: usize, pW: usize, pG: usize, from: i32, to: i32, out: usize): void {
  const one = f64x2.splat(1);
  let top = v128.load(out);
  for (let i = from; i < to; i += 2) {
    const m = v128.load(pM + (<usize>i << 3)), w = weights(pW, i);
    const p = f64x2.div(one, f64x2.add(one, exp2(f64x2.neg(m))));
    const g = f64x2.mul(f64x2.sub(p, v128.load(pY + (<usize>i << 3))), w);
    const h = f64x2.mul(f64x2.pmax(f64x2.mul(p, f64x2.sub(one, p)), f64x2.splat(1e-16)), w);
    top = put(pG, i, to, g, h, top);
  }
  v128.store(out, top);
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
  const one = f64x2.splat(1);
  let top = v128.load(out);
  for (let i = from; i < to; i += 2) {
    const p = pair(pP, i), w = weights(pW, i);
    const t = v128.and(f64x2.eq(v128.load(pY + (<usize>i << 3)), f64x2.splat(k)), one);
    const h = f64x2.mul(f64x2.mul(f64x2.splat(2), p), f64x2.sub(one, p));
    top = put(pG, i, to, f64x2.mul(f64x2.sub(p, t), w), f64x2.mul(f64x2.pmax(h, f64x2.splat(1e-16)), w), top);
  }
  v128.store(out, top);
}

/** Regression: g = residual clipped to +-delta, times unit, times w (delta Infinity: squared error; tiny, unit 1 / delta: absolute); h = w. */
export function residual(pM: usize, pY: usize, pW: usize, pG: usize, from: i32, to: i32, delta: f64, unit: f64, out: usize): void {
  let top = v128.load(out);
  for (let i = from; i < to; i += 2) {
    const r = f64x2.sub(v128.load(pM + (<usize>i << 3)), v128.load(pY + (<usize>i << 3))), w = weights(pW, i);
    const clipped = f64x2.pmax(f64x2.pmin(r, f64x2.splat(delta)), f64x2.splat(-delta));
    top = put(pG, i, to, f64x2.mul(f64x2.mul(clipped, f64x2.splat(unit)), w), w, top);
  }
  v128.store(out, top);
}

/** floor((g, h) x steps + dither) as a cell; the dither is the first two lanes, in steps of 2^-16. */
// @ts-ignore: decorator
@inline
function cell(pG: usize, pQ: usize, steps: v128, dither: v128): void {
  const u = f64x2.mul(f64x2.convert_low_i32x4_u(dither), f64x2.splat(1.0 / 65536));
  const x = f64x2.floor(f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(pG)), steps), u));
  const bits = f64x2.add(x, f64x2.splat(WHOLE));
  v128.store64_lane(pQ, v128.shuffle<i32>(bits, bits, 2, 0, 2, 0), 0);
}

/**
 * (g, h) times (sg, sh) to integers by stochastic rounding, which keeps sums unbiased: small gradients of many easy rows do
 * not vanish (Shi et al. 2022, "Quantized Training of Gradient Boosting Decision Trees"). The dither is a hash of row and
 * `salt`, not of the thread.
 */
export function quantise(pG: usize, pQ: usize, from: i32, to: i32, sg: f64, sh: f64, salt: u32): void {
  const steps = f64x2.replace_lane(f64x2.splat(sg), 1, sh), salts = i32x4.splat(salt);
  for (let i = from; i < to; i += 4) {
    let x = i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3));
    x = v128.xor(i32x4.mul(x, i32x4.splat(0x9e3779b1)), salts);
    x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x85ebca6b));
    x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 13)), i32x4.splat(0xc2b2ae35));
    x = v128.xor(x, i32x4.shr_u(x, 16));
    const u = v128.and(x, i32x4.splat(0xffff)), v = i32x4.shr_u(x, 16);
    // (u, v) of rows 0 and 1, then of 2 and 3.
    const a = v128.shuffle<i32>(u, v, 0, 4, 1, 5), b = v128.shuffle<i32>(u, v, 2, 6, 3, 7);
    const g = pG + (<usize>i << 3), q = pQ + (<usize>i << 3);
    const left = to - i;
    cell(g, q, steps, a);
    if (left > 1) cell(g + 8, q + 8, steps, v128.shuffle<i32>(a, a, 2, 3, 2, 3));
    if (left > 2) cell(g + 16, q + 16, steps, b);
    if (left > 3) cell(g + 24, q + 24, steps, v128.shuffle<i32>(b, b, 2, 3, 2, 3));
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
