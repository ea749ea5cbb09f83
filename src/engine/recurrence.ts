import { MillwrightError } from "../errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
/** 1970-01-01 was a Thursday: weeks begin on Monday. */
const MONDAY_MS = 4 * 86_400_000;
const FIVE_YEARS_OF_MINUTES = 5 * 366 * 1440;

/**
 * When a schedule is due next: the first moment after `afterMs` (ms since 1970), in UTC.
 * `every` is `hour`, `day` (midnight), `week` (Monday), `month` (the 1st); a multiple such as `30s`, `15m`, `6h`, `2d`, counted
 * from 1970 so that it does not depend on when a process started; or five cron fields, minute hour day month weekday, with
 * `*`, lists, ranges and steps (where both day and weekday are restricted either may match, as in cron).
 * Throws `invalid_config`.
 */
export function nextTick(every: string, afterMs: number): number {
  if (every === "hour") return nextMultiple(3_600_000, afterMs, 0);
  if (every === "day") return nextMultiple(86_400_000, afterMs, 0);
  if (every === "week") return nextMultiple(7 * 86_400_000, afterMs, MONDAY_MS);
  if (every === "month") {
    const at = new Date(afterMs);
    return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
  }
  const multiple = /^([1-9]\d{0,5})([smhd])$/.exec(every);
  if (multiple)
    return nextMultiple(Number(multiple[1]) * (UNIT_MS[multiple[2] ?? ""] ?? 1), afterMs, 0);
  return nextCron(every, afterMs);
}

const nextMultiple = (stepMs: number, afterMs: number, offsetMs: number): number =>
  (Math.floor((afterMs - offsetMs) / stepMs) + 1) * stepMs + offsetMs;

function nextCron(every: string, afterMs: number): number {
  const fields = every.trim().split(/\s+/);
  if (fields.length !== 5) throw unreadable(every);
  const [minute, hour, day, month, weekday] = [
    cronField(every, fields[0], 0, 59),
    cronField(every, fields[1], 0, 23),
    cronField(every, fields[2], 1, 31),
    cronField(every, fields[3], 1, 12),
    cronField(every, fields[4], 0, 7),
  ] as const;
  if (weekday.has(7)) weekday.add(0);
  const free = [fields[2] === "*", fields[4] === "*"];
  const dayMatches = (at: Date): boolean => {
    const byDay = day.has(at.getUTCDate());
    const byWeekday = weekday.has(at.getUTCDay());
    return free[0] || free[1] ? byDay && byWeekday : byDay || byWeekday;
  };
  let at = nextMultiple(60_000, afterMs, 0);
  for (let tries = 0; tries < FIVE_YEARS_OF_MINUTES; tries++) {
    const date = new Date(at);
    if (!month.has(date.getUTCMonth() + 1) || !dayMatches(date))
      at = nextMultiple(86_400_000, at, 0);
    else if (!hour.has(date.getUTCHours())) at = nextMultiple(3_600_000, at, 0);
    else if (!minute.has(date.getUTCMinutes())) at += 60_000;
    else return at;
  }
  throw new MillwrightError("invalid_config", `The schedule '${every}' never comes due.`);
}

function cronField(
  every: string,
  field: string | undefined,
  low: number,
  high: number,
): Set<number> {
  const values = new Set<number>();
  for (const part of (field ?? "").split(",")) {
    const match = /^(\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (!match) throw unreadable(every);
    const step = Number(match[4] ?? 1);
    const from = match[1] === "*" ? low : Number(match[2]);
    const open = match[1] === "*" || (match[4] !== undefined && match[3] === undefined);
    const to = open ? high : Number(match[3] ?? match[2]);
    if (step < 1 || from < low || to > high || from > to) throw unreadable(every);
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return values;
}

const unreadable = (every: string): MillwrightError =>
  new MillwrightError(
    "invalid_config",
    `'${every}' is no schedule. Use hour, day, week, month, a multiple such as 15m, 6h or 2d, or five cron fields such as '0 4 * * 1' (UTC).`,
  );
