/** Windows of monitoring: calendar hours, days and weeks in UTC. Weeks begin on Monday. */
export type WindowUnit = "hour" | "day" | "week";

const HOUR = 3_600_000;
const LENGTH: Readonly<Record<WindowUnit, number>> = {
  hour: HOUR,
  day: 24 * HOUR,
  week: 168 * HOUR,
};
/** 1970-01-01 was a Thursday: the first Monday is four days later. */
const ORIGIN: Readonly<Record<WindowUnit, number>> = { hour: 0, day: 0, week: 96 * HOUR };

/** Half-open: start <= time < end, in ms since 1970. */
export interface MonitoringWindow {
  readonly start: number;
  readonly end: number;
}

export function windowOf(timeMs: number, unit: WindowUnit): MonitoringWindow {
  const start = Math.floor((timeMs - ORIGIN[unit]) / LENGTH[unit]) * LENGTH[unit] + ORIGIN[unit];
  return { start, end: start + LENGTH[unit] };
}

/** Row numbers by window, in order of time; windows without rows are not there, nor are rows without a time (NaN). */
export function rowsByWindow(
  timesMs: ArrayLike<number>,
  unit: WindowUnit,
): readonly { readonly window: MonitoringWindow; readonly rows: Uint32Array }[] {
  const rows = new Map<number, number[]>();
  for (let i = 0; i < timesMs.length; i++) {
    if (Number.isNaN(timesMs[i]!)) continue;
    const { start } = windowOf(timesMs[i]!, unit);
    const known = rows.get(start);
    if (known === undefined) rows.set(start, [i]);
    else known.push(i);
  }
  return [...rows]
    .sort((a, b) => a[0] - b[0])
    .map(([start, members]) => ({
      window: windowOf(start, unit),
      rows: Uint32Array.from(members),
    }));
}

/** "2002-08-05 14:00" (an hour), "2002-08-05" (a day), "2002-08-05 to 2002-08-12": for people, UTC; the end is not included. */
export function windowInWords({ start, end }: MonitoringWindow): string {
  const time = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");
  const day = (ms: number) => time(ms).slice(0, 10);
  const length = end - start;
  if (length === LENGTH.hour) return time(start);
  if (length === LENGTH.day) return day(start);
  const isDays = start % LENGTH.day === 0 && end % LENGTH.day === 0;
  return isDays ? `${day(start)} to ${day(end)}` : `${time(start)} to ${time(end)}`;
}
