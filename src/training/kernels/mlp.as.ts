// Float32 kernels of the multilayer perceptron. All widths (n, d) are multiples of 4; pointers are byte offsets.

/** C[m x n] = A[m x k] B[k x n]. Two rows at a time: what is read of B serves both. Every sum runs in the order of q. */
export function multiply(A: usize, B: usize, C: usize, m: i32, k: i32, n: i32): void {
  const row = <usize>n << 2;
  const next = <usize>k << 2;
  let i = 0;
  for (; i + 2 <= m; i += 2) {
    const a0 = A + <usize>i * next;
    const c0 = C + <usize>i * row;
    let j = 0;
    for (; j + 16 <= n; j += 16) {
      let s0 = f32x4.splat(0);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      let t0 = s0;
      let t1 = s0;
      let t2 = s0;
      let t3 = s0;
      let b = B + (<usize>j << 2);
      for (let at = a0, end = a0 + next; at < end; at += 4, b += row) {
        const x = v128.load32_splat(at);
        const y = v128.load32_splat(at + next);
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        const b2 = v128.load(b, 32);
        const b3 = v128.load(b, 48);
        s0 = f32x4.add(s0, f32x4.mul(x, b0));
        s1 = f32x4.add(s1, f32x4.mul(x, b1));
        s2 = f32x4.add(s2, f32x4.mul(x, b2));
        s3 = f32x4.add(s3, f32x4.mul(x, b3));
        t0 = f32x4.add(t0, f32x4.mul(y, b0));
        t1 = f32x4.add(t1, f32x4.mul(y, b1));
        t2 = f32x4.add(t2, f32x4.mul(y, b2));
        t3 = f32x4.add(t3, f32x4.mul(y, b3));
      }
      store4(c0 + (<usize>j << 2), s0, s1, s2, s3);
      store4(c0 + row + (<usize>j << 2), t0, t1, t2, t3);
    }
    for (; j < n; j += 4) {
      v128.store(c0 + (<usize>j << 2), dot4(a0, B + (<usize>j << 2), k, row));
      v128.store(c0 + row + (<usize>j << 2), dot4(a0 + next, B + (<usize>j << 2), k, row));
    }
  }
  if (i < m)
    for (let j = 0; j < n; j += 4)
      v128.store(
        C + <usize>i * row + (<usize>j << 2),
        dot4(A + <usize>i * next, B + (<usize>j << 2), k, row),
      );
}

// @ts-ignore: decorator
@inline
function store4(at: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  v128.store(at, s0);
  v128.store(at, s1, 16);
  v128.store(at, s2, 32);
  v128.store(at, s3, 48);
}

/** Sum over q < k of a[q] times the four numbers at b + q rows. */
function dot4(a: usize, b: usize, k: i32, row: usize): v128 {
  let s = f32x4.splat(0);
  for (let q = 0; q < k; q++, b += row)
    s = f32x4.add(s, f32x4.mul(v128.load32_splat(a + (<usize>q << 2)), v128.load(b)));
  return s;
}

/** G[k x n] = transposed A[m x k] times D[m x n]. Two columns of A at a time; every sum runs in the order of i. */
export function multiplyLeft(A: usize, D: usize, G: usize, m: i32, k: i32, n: i32): void {
  const row = <usize>n << 2;
  const step = <usize>k << 2;
  let q = 0;
  for (; q + 2 <= k; q += 2) {
    const g = G + <usize>q * row;
    let j = 0;
    for (; j + 16 <= n; j += 16) {
      let s0 = f32x4.splat(0);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      let t0 = s0;
      let t1 = s0;
      let t2 = s0;
      let t3 = s0;
      let d = D + (<usize>j << 2);
      let a = A + (<usize>q << 2);
      for (let i = 0; i < m; i++, d += row, a += step) {
        const x = v128.load32_splat(a);
        const y = v128.load32_splat(a, 4);
        const d0 = v128.load(d);
        const d1 = v128.load(d, 16);
        const d2 = v128.load(d, 32);
        const d3 = v128.load(d, 48);
        s0 = f32x4.add(s0, f32x4.mul(x, d0));
        s1 = f32x4.add(s1, f32x4.mul(x, d1));
        s2 = f32x4.add(s2, f32x4.mul(x, d2));
        s3 = f32x4.add(s3, f32x4.mul(x, d3));
        t0 = f32x4.add(t0, f32x4.mul(y, d0));
        t1 = f32x4.add(t1, f32x4.mul(y, d1));
        t2 = f32x4.add(t2, f32x4.mul(y, d2));
        t3 = f32x4.add(t3, f32x4.mul(y, d3));
      }
      store4(g + (<usize>j << 2), s0, s1, s2, s3);
      store4(g + row + (<usize>j << 2), t0, t1, t2, t3);
    }
    for (; j < n; j += 4) {
      let s = f32x4.splat(0);
      let t = s;
      let d = D + (<usize>j << 2);
      let a = A + (<usize>q << 2);
      for (let i = 0; i < m; i++, d += row, a += step) {
        const x = v128.load(d);
        s = f32x4.add(s, f32x4.mul(v128.load32_splat(a), x));
        t = f32x4.add(t, f32x4.mul(v128.load32_splat(a, 4), x));
      }
      v128.store(g + (<usize>j << 2), s);
      v128.store(g + row + (<usize>j << 2), t);
    }
  }
  if (q < k)
    for (let j: usize = 0; j < row; j += 16) {
      let s = f32x4.splat(0);
      let d = D + j;
      let a = A + (<usize>q << 2);
      for (let i = 0; i < m; i++, d += row, a += step)
        s = f32x4.add(s, f32x4.mul(v128.load32_splat(a), v128.load(d)));
      v128.store(G + <usize>q * row + j, s);
    }
}

/** P[m x k] = D[m x n] times transposed B[k x n]. Four columns of P at a time. */
export function multiplyRight(D: usize, B: usize, P: usize, m: i32, k: i32, n: i32): void {
  const row = <usize>n << 2;
  for (let i = 0; i < m; i++) {
    const d0 = D + <usize>i * row;
    let p = P + ((<usize>i * k) << 2);
    let b = B;
    let q = 0;
    for (; q + 4 <= k; q += 4, p += 16, b += row << 2) {
      let s0 = f32x4.splat(0);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      for (let j: usize = 0; j < row; j += 16) {
        const d = v128.load(d0 + j);
        const at = b + j;
        s0 = f32x4.add(s0, f32x4.mul(d, v128.load(at)));
        s1 = f32x4.add(s1, f32x4.mul(d, v128.load(at + row)));
        s2 = f32x4.add(s2, f32x4.mul(d, v128.load(at + (row << 1))));
        s3 = f32x4.add(s3, f32x4.mul(d, v128.load(at + row * 3)));
      }
      v128.store(p, sums(s0, s1, s2, s3));
    }
    for (; q < k; q++, p += 4, b += row) {
      let s = f32x4.splat(0);
      for (let j: usize = 0; j < row; j += 16)
        s = f32x4.add(s, f32x4.mul(v128.load(d0 + j), v128.load(b + j)));
      store<f32>(p, f32x4.extract_lane(sums(s, s, s, s), 0));
    }
  }
}

/** The sums of the lanes of each, from left to right. */
// @ts-ignore: decorator
@inline
function sums(s0: v128, s1: v128, s2: v128, s3: v128): v128 {
  const a = v128.shuffle<f32>(s0, s1, 0, 4, 1, 5);
  const b = v128.shuffle<f32>(s2, s3, 0, 4, 1, 5);
  const c = v128.shuffle<f32>(s0, s1, 2, 6, 3, 7);
  const d = v128.shuffle<f32>(s2, s3, 2, 6, 3, 7);
  const first = v128.shuffle<f32>(a, b, 0, 1, 4, 5);
  const second = v128.shuffle<f32>(a, b, 2, 3, 6, 7);
  const third = v128.shuffle<f32>(c, d, 0, 1, 4, 5);
  const fourth = v128.shuffle<f32>(c, d, 2, 3, 6, 7);
  return f32x4.add(f32x4.add(f32x4.add(first, second), third), fourth);
}

/** C[m x n] += bias[n]; negative numbers become 0 when `relu`. */
export function addBias(C: usize, bias: usize, m: i32, n: i32, relu: i32): void {
  const row = <usize>n << 2;
  const zero = f32x4.splat(0);
  for (let i = 0; i < m; i++, C += row)
    for (let j: usize = 0; j < row; j += 16) {
      let x = f32x4.add(v128.load(C + j), v128.load(bias + j));
      if (relu) x = f32x4.max(x, zero);
      v128.store(C + j, x);
    }
}

/** D becomes 0 where the output H of the layer is: the derivative of relu. `size` numbers. */
export function gateRelu(D: usize, H: usize, size: i32): void {
  const zero = f32x4.splat(0);
  const end = <usize>size << 2;
  for (let j: usize = 0; j < end; j += 16)
    v128.store(D + j, v128.and(v128.load(D + j), f32x4.gt(v128.load(H + j), zero)));
}

/** out[n] = sum of the rows of D[m x n]. */
export function sumRows(D: usize, out: usize, m: i32, n: i32): void {
  const row = <usize>n << 2;
  for (let j: usize = 0; j < row; j += 16) {
    let s = f32x4.splat(0);
    let d = D + j;
    for (let i = 0; i < m; i++, d += row) s = f32x4.add(s, v128.load(d));
    v128.store(out + j, s);
  }
}

/** X[i, at .. at+d) = sum of value x E[id] over the entries of row i; X has `stride` numbers a row. */
export function embed(
  offsets: usize, ids: usize, values: usize, E: usize, X: usize, m: i32, d: i32, stride: i32, at: i32,
): void {
  const size = <usize>d << 2;
  for (let i = 0; i < m; i++) {
    const x = X + ((<usize>i * stride + at) << 2);
    memory.fill(x, 0, size);
    const end = load<u32>(offsets + ((<usize>i + 1) << 2));
    for (let p = load<u32>(offsets + (<usize>i << 2)); p < end; p++) {
      const v = v128.load32_splat(values + (<usize>p << 2));
      const e = E + <usize>load<u32>(ids + (<usize>p << 2)) * size;
      for (let j: usize = 0; j < size; j += 16)
        v128.store(x + j, f32x4.add(v128.load(x + j), f32x4.mul(v, v128.load(e + j))));
    }
  }
}

/** G[id] += value x D[i, at .. at+d) for every entry of every row: the derivative of `embed`. */
export function embedBack(
  offsets: usize, ids: usize, values: usize, G: usize, D: usize, m: i32, d: i32, stride: i32, at: i32,
): void {
  const size = <usize>d << 2;
  for (let i = 0; i < m; i++) {
    const x = D + ((<usize>i * stride + at) << 2);
    const end = load<u32>(offsets + ((<usize>i + 1) << 2));
    for (let p = load<u32>(offsets + (<usize>i << 2)); p < end; p++) {
      const v = v128.load32_splat(values + (<usize>p << 2));
      const g = G + <usize>load<u32>(ids + (<usize>p << 2)) * size;
      for (let j: usize = 0; j < size; j += 16)
        v128.store(g + j, f32x4.add(v128.load(g + j), f32x4.mul(v, v128.load(x + j))));
    }
  }
}

/**
 * One step of AdamW for `size` weights: m, v = moments, `rate` with bias correction, `shrink` = 1 - rate x weight decay.
 * Clears the gradient.
 */
export function adam(w: usize, g: usize, m: usize, v: usize, size: i32, rate: f32, shrink: f32): void {
  const b1 = f32x4.splat(0.9);
  const c1 = f32x4.splat(0.1);
  const b2 = f32x4.splat(0.999);
  const c2 = f32x4.splat(0.001);
  const tiny = f32x4.splat(1e-8);
  const lr = f32x4.splat(rate);
  const keep = f32x4.splat(shrink);
  const end = <usize>size << 2;
  for (let j: usize = 0; j < end; j += 16) {
    const grad = v128.load(g + j);
    const first = f32x4.add(f32x4.mul(b1, v128.load(m + j)), f32x4.mul(c1, grad));
    const second = f32x4.add(
      f32x4.mul(b2, v128.load(v + j)),
      f32x4.mul(c2, f32x4.mul(grad, grad)),
    );
    v128.store(m + j, first);
    v128.store(v + j, second);
    const step = f32x4.div(f32x4.mul(lr, first), f32x4.add(f32x4.sqrt(second), tiny));
    v128.store(w + j, f32x4.sub(f32x4.mul(keep, v128.load(w + j)), step));
    v128.store(g + j, f32x4.splat(0));
  }
}

/** Sum of squares of `size` numbers. */
export function squares(g: usize, size: i32): f32 {
  let s = f32x4.splat(0);
  const end = <usize>size << 2;
  for (let j: usize = 0; j < end; j += 16) {
    const x = v128.load(g + j);
    s = f32x4.add(s, f32x4.mul(x, x));
  }
  return (
    f32x4.extract_lane(s, 0) +
    f32x4.extract_lane(s, 1) +
    f32x4.extract_lane(s, 2) +
    f32x4.extract_lane(s, 3)
  );
}

/** One step of gradient descent for `size` weights; clears the gradient. */
export function descend(w: usize, g: usize, size: i32, rate: f32): void {
  const lr = f32x4.splat(rate);
  const end = <usize>size << 2;
  for (let j: usize = 0; j < end; j += 16) {
    v128.store(w + j, f32x4.sub(v128.load(w + j), f32x4.mul(lr, v128.load(g + j))));
    v128.store(g + j, f32x4.splat(0));
  }
}
