/** When the log counts as full before the disk is. Bytes. */
export interface SpaceLimits {
  /** So much of the disk stays free for others, PostgreSQL first: 256 MiB or 2 % of the disk, whichever is less, when left out. */
  readonly keepFree?: number | undefined;
  /** So much may wait to be shipped, however long the database is away. No limit but the disk when left out. */
  readonly mostUnshipped?: number | undefined;
}

export interface Fullness {
  readonly state: "ok" | "low" | "full";
  /** What is wrong and what to do; "" while nothing is. */
  readonly words: string;
}

const MiB = 1024 * 1024;
/** People are told when less than this many times what has to stay free is left. */
const LOW = 4;

export function fullness(
  space: { readonly freeBytes: number; readonly diskBytes: number; readonly bytes: number },
  limits: SpaceLimits,
): Fullness {
  const keepFree = limits.keepFree ?? Math.min(256 * MiB, space.diskBytes * 0.02);
  const most = limits.mostUnshipped ?? Number.POSITIVE_INFINITY;
  const free = `${size(space.freeBytes)} are free`;
  const waiting = `${size(space.bytes)} of predictions wait to be shipped`;
  if (space.freeBytes < keepFree)
    return {
      state: "full",
      words: `${free}, and ${size(keepFree)} have to stay free. Free some space.`,
    };
  if (space.bytes >= most)
    return {
      state: "full",
      words: `${waiting}, and ${size(most)} may. Let this machine reach the database, or raise MILLWRIGHT_LOG_MAX_UNSHIPPED.`,
    };
  if (space.freeBytes < LOW * keepFree)
    return { state: "low", words: `${free}; below ${size(keepFree)} the log counts as full.` };
  if (space.bytes >= 0.75 * most)
    return { state: "low", words: `${waiting}; at ${size(most)} the log counts as full.` };
  return { state: "ok", words: "" };
}

const size = (bytes: number): string =>
  bytes >= 1024 * MiB
    ? `${(bytes / (1024 * MiB)).toFixed(1)} GiB`
    : `${Math.round(bytes / MiB)} MiB`;
