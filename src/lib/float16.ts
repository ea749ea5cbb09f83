/** IEEE 754 binary16, which JavaScript has no array for: 1 sign, 5 exponent and 10 fraction bits. */

const bits = new Uint32Array(1);
const single = new Float32Array(bits.buffer);

/** Exact: every half is a single. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest half, ties to the even one; beyond 65,504 it is infinite. The value is rounded to a single first. */
export function toHalf(value: number): number {
  single[0] = value;
  const all = bits[0]!;
  const sign = (all >>> 16) & 0x8000;
  const exponent = ((all >>> 23) & 0xff) - 112;
  const fraction = all & 0x7fffff;
  if (exponent === 143) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent > 0) return sign | nearest((exponent << 23) | fraction, 13);
  if (exponent < -10) return sign;
  return sign | nearest(fraction | 0x800000, 14 - exponent);
}

/** `value` / 2^shift, rounded to the nearest integer, ties to even. A carry into the exponent is right as it is. */
function nearest(value: number, shift: number): number {
  const floor = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (floor & 1) === 1) ? floor + 1 : floor;
}
