/** Days of four years; in this cycle the calendar repeats, from 1901-03-01 to 2100-02-28. */
export const CALENDAR_CYCLE = 1461;

export type CalendarColumn = keyof typeof CALENDAR;

/**
 * What a day of the cycle that starts on 1970-01-01 looks like. A table, because a graph looks a day up in one node and would
 * compute it in thirty.
 */
export const CALENDAR = calendar();

/** The day of the cycle of a day since 1970-01-01, 0..1460. */
export const calendarDay = (days: number): number =>
  days - CALENDAR_CYCLE * Math.floor(days / CALENDAR_CYCLE);

function calendar() {
  const columns = {
    month: new Float32Array(CALENDAR_CYCLE),
    day: new Float32Array(CALENDAR_CYCLE),
    "day of year": new Float32Array(CALENDAR_CYCLE),
    "year sin": new Float32Array(CALENDAR_CYCLE),
    "year cos": new Float32Array(CALENDAR_CYCLE),
    "half-year sin": new Float32Array(CALENDAR_CYCLE),
    "half-year cos": new Float32Array(CALENDAR_CYCLE),
  };
  let at = 0;
  for (const february of [28, 28, 29, 28]) {
    const months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let dayOfYear = 0;
    months.forEach((days, month) => {
      for (let day = 1; day <= days; day++, at++) {
        dayOfYear++;
        const angle = (2 * Math.PI * dayOfYear) / 365.25;
        columns.month[at] = month + 1;
        columns.day[at] = day;
        columns["day of year"][at] = dayOfYear;
        columns["year sin"][at] = Math.sin(angle);
        columns["year cos"][at] = Math.cos(angle);
        columns["half-year sin"][at] = Math.sin(2 * angle);
        columns["half-year cos"][at] = Math.cos(2 * angle);
      }
    });
  }
  return columns;
}
