const SECONDS_PER_DAY = 86_400;
const ISO =
  /^([+-]?\d{4,6})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/;

/**
 * Seconds since 1970-01-01T00:00:00Z of an ISO 8601 date or date-time (`T` or a space between; zone `Z`, `+02:00`, `+0200`, `+02`;
 * none = UTC). NaN when it is none, or a day that does not exist. The same answer on every machine, unlike `Date.parse`.
 */
export function parseTime(text: string): number {
  const match = ISO.exec(text.trim());
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const [h, min, s] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)];
  if (m < 1 || m > 12 || d < 1 || d > daysInMonth(y, m)) return Number.NaN;
  // 24:00:00 is the end of a day; :60 is a leap second.
  if (h > 24 || min > 59 || s > 60 || (h === 24 && (min > 0 || s > 0))) return Number.NaN;
  const offset = zoneSeconds(zone);
  const whole = daysFromCivil(y, m, d) * SECONDS_PER_DAY + h * 3600 + min * 60 + s - offset;
  return fraction === undefined ? whole : whole + Number(`0.${fraction}`);
}

/** ISO 8601 in UTC with whole seconds, or milliseconds when there are any; "" for NaN. */
export function formatTime(seconds: number): string {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12) return "";
  return new Date(Math.round(seconds * 1000)).toISOString().replace(".000Z", "Z");
}

/** Days since 1970-01-01 of a day of the proleptic Gregorian calendar (Howard Hinnant, `days_from_civil`). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

function zoneSeconds(zone: string | undefined): number {
  if (zone === undefined || zone === "Z" || zone === "z" || zone === "UTC") return 0;
  const digits = zone.slice(1).replace(":", "");
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2) || 0) * 60;
  return zone.startsWith("-") ? -seconds : seconds;
}
