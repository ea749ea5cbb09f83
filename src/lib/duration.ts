const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
  d: 864e5,
  day: 864e5,
  week: 6048e5,
  month: 2592e6,
};

/** "60s", "10m", "1.5h", "3d", "day", "week", "month" (30 days) → milliseconds; undefined when it is none of these. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)?(ms|s|m|h|d|day|week|month)$/.exec(text);
  if (!match) return undefined;
  return Number(match[1] ?? 1) * UNITS[match[2]!]!;
}

/** 950 → "950 ms", 61_000 → "61 s", 5_400_000 → "1.5 h". */
export function inWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 7_200_000) return `${(ms / 60_000).toFixed(0)} min`;
  if (ms < 172_800_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  return `${(ms / 86_400_000).toFixed(0)} days`;
}
