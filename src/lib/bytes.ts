const BYTES = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** "512MiB", "20GiB", or a number of bytes; undefined when it is none of these. */
export function bytesOf(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d+) ?(KiB|MiB|GiB|TiB)?$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * BYTES[unit as keyof typeof BYTES];
}
