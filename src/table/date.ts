import { daysFromCivil, parseTime } from "./time.ts";

/**
 * How a column writes its dates when it is not ISO 8601. `dmy` / `mdy` name the order of day and month in
 * "1/7/2015"; a single such date is ambiguous, a column of them usually is not.
 */
export type DateOrder = "dmy" | "mdy";

const YMD = /^(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?:[T ](\d{1,2}):(\d\d)(?::(\d\d))?)?$/;
const SHORT =
  /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[T ,]+(\d{1,2}):(\d\d)(?::(\d\d))?(?:\s?([AaPp])\.?[Mm]\.?)?)?$/;
const WORDS =
  /^(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})[\s-]([A-Za-z]{3,9})\.?[\s-](\d{4})(?:[\s,]+(\d{1,2}):(\d\d)(?::(\d\d))?\s*(GMT|UTC|Z|[+-]\d{4})?)?$/;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * Seconds since 1970 (UTC) of a date or date-time, or NaN. ISO 8601 ("2015-07-01", "2011-01-01 05:00:00", with or without
 * zone; none means UTC), "2015/07/01", "1.7.2015 14:30" (by `order`), "1 Jul 2015", "Wed, 01 Jul 2015 10:00:00 +0200".
 * A date that does not exist (30 February) is NaN.
 */
export function parseDate(text: string, order: DateOrder = "dmy"): number {
  if (text.length < 8 || text.length > 40) return Number.NaN;
  const iso = parseTime(text);
  if (!Number.isNaN(iso)) return iso;
  let m = YMD.exec(text);
  if (m) return seconds(m[1]!, m[2]!, m[3]!, m[4], m[5], m[6]);
  m = SHORT.exec(text);
  if (m) {
    const [day, month] = order === "dmy" ? [m[1]!, m[3]!] : [m[3]!, m[1]!];
    const half = m[8]?.toLowerCase();
    const hour = half === undefined ? m[5] : String((Number(m[5]) % 12) + (half === "p" ? 12 : 0));
    return seconds(m[4]!, month, day, hour, m[6], m[7]);
  }
  m = WORDS.exec(text);
  if (!m) return Number.NaN;
  const month = MONTHS.indexOf(m[2]!.slice(0, 3).toLowerCase()) + 1;
  return seconds(m[3]!, String(month), m[1]!, m[4], m[5], m[6]) - zone(m[7]);
}

/** The order in which these dates all exist; `dmy` when both do and nothing decides. Undefined when neither fits. */
export function dateOrder(texts: readonly string[]): DateOrder | undefined {
  const fits = (order: DateOrder) => texts.every((text) => !Number.isNaN(parseDate(text, order)));
  const [dmy, mdy] = [fits("dmy"), fits("mdy")];
  if (dmy && mdy) {
    // Dates mostly come in file order: the reading with fewer backward steps is the right one.
    const back = (order: DateOrder) => {
      let steps = 0;
      for (let i = 1; i < texts.length; i++)
        if (parseDate(texts[i]!, order) < parseDate(texts[i - 1]!, order)) steps++;
      return steps;
    };
    return back("mdy") < back("dmy") ? "mdy" : "dmy";
  }
  return dmy ? "dmy" : mdy ? "mdy" : undefined;
}

function seconds(y: string, mo: string, d: string, h = "0", mi = "0", s = "0"): number {
  const [year, month, day] = [Number(y), Number(mo), Number(d)];
  const time = [Number(h), Number(mi), Number(s)] as const;
  if (month < 1 || month > 12 || time[0] > 23 || time[1] > 59 || time[2] > 60) return Number.NaN;
  const days = daysFromCivil(year, month, day);
  const lastDay =
    daysFromCivil(month === 12 ? year + 1 : year, (month % 12) + 1, 1) -
    daysFromCivil(year, month, 1);
  if (day < 1 || day > lastDay) return Number.NaN;
  return days * 86_400 + time[0] * 3600 + time[1] * 60 + time[2];
}

function zone(text: string | undefined): number {
  const m = /^([+-])(\d\d):?(\d\d)?$/.exec(text ?? "");
  return m ? (m[1] === "-" ? -1 : 1) * (Number(m[2]) * 3600 + Number(m[3] ?? 0) * 60) : 0;
}
