export interface Part {
  readonly from: number;
  /** With this byte. */
  readonly to: number;
}

/**
 * What a `Range` header asks for of a file of so many bytes (RFC 9110, 14.2). undefined: all of it, which is also the answer to what
 * is no range, or several. "none": nothing of it is there.
 */
export function byteRange(header: string | undefined, bytes: number): Part | "none" | undefined {
  const [, first = "", last = ""] =
    /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? "none" : { from: bytes - length, to: bytes - 1 };
  }
  if (last !== "" && Number(last) < Number(first)) return undefined;
  if (Number(first) >= bytes) return "none";
  return { from: Number(first), to: last === "" ? bytes - 1 : Math.min(Number(last), bytes - 1) };
}
