const UNITS = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** "512MiB", "20GiB", or a number of bytes. */
export const BYTES = /^(\d+(?:\.\d+)?) ?(KiB|MiB|GiB|TiB)?$/;

/** Of a text that `BYTES` accepts, rounded up. Otherwise NaN. */
export function bytesOf(text: string): number {
  const [, number, unit = ""] = BYTES.exec(text) ?? [];
  return number === undefined ? Number.NaN : Math.ceil(Number(number) * UNITS[unit as "GiB"]);
}
