/** UTF-8 to text. Invalid sequences become U+FFFD, as in the WHATWG decoder. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  const units: number[] = [];
  for (let i = start; i < end; ) {
    const lead = bytes[i]!;
    if (lead < 0x80) {
      units.push(lead);
      i++;
    } else {
      const size = sequenceLength(bytes, i, end);
      if (size === 0) {
        units.push(0xfffd);
        i++;
      } else {
        let point = lead & (0xff >> (size + 1));
        for (let k = 1; k < size; k++) point = (point << 6) | (bytes[i + k]! & 0x3f);
        if (point > 0xffff)
          units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
        else units.push(point);
        i += size;
      }
    }
    if (units.length >= 4096) {
      text += String.fromCharCode.apply(null, units);
      units.length = 0;
    }
  }
  return text + String.fromCharCode.apply(null, units);
}

/**
 * Bytes of the well-formed multi-byte sequence at `i` (2..4), or 0 when it is malformed: overlong forms, surrogates and
 * values above U+10FFFF are malformed (Unicode 15, table 3-7).
 */
export function sequenceLength(bytes: Uint8Array, i: number, end: number): 0 | 2 | 3 | 4 {
  const a = bytes[i]!;
  const b = i + 1 < end ? bytes[i + 1]! : 0;
  const tail = (k: number) => i + k < end && (bytes[i + k]! & 0xc0) === 0x80;
  if (a >= 0xc2 && a <= 0xdf) return tail(1) ? 2 : 0;
  if (a >= 0xe0 && a <= 0xef) {
    const low = a === 0xe0 ? 0xa0 : 0x80;
    const high = a === 0xed ? 0x9f : 0xbf;
    return b >= low && b <= high && tail(2) ? 3 : 0;
  }
  if (a >= 0xf0 && a <= 0xf4) {
    const low = a === 0xf0 ? 0x90 : 0x80;
    const high = a === 0xf4 ? 0x8f : 0xbf;
    return b >= low && b <= high && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}
