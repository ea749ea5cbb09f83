/** IEEE 754 binary16 as its bits, for hosts without Float16Array (Node before 24). */

const SINGLE = new Float32Array(1);
const BITS = new Uint32Array(SINGLE.buffer);

/** Rounds to nearest, ties to even; beyond 65,504 infinite. */
export function toHalf(value: number): number {
  SINGLE[0] = value;
  const bits = BITS[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude >= 0x7f80_0000) return sign | (magnitude > 0x7f80_0000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x4780_0000) return sign | 0x7c00;
  if (magnitude < 0x3880_0000) return sign | roundEven(Math.abs(SINGLE[0]!) * 2 ** 24);
  const rebased = magnitude - 0x3800_0000;
  return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
}

function roundEven(value: number): number {
  const below = Math.floor(value);
  const over = value - below;
  return below + (over > 0.5 || (over === 0.5 && below % 2 === 1) ? 1 : 0);
}

export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
