import { nextTick } from "../engine/recurrence.ts";

/** When a pipeline starts by itself; UTC. */
export interface PipelineSchedule {
  /** "hour", "day", "week", "month", "15m", "6h", or five cron fields. */
  readonly every: string;
  /** Of a day, week or month: "02:00"; midnight when left out. */
  readonly at?: string;
  /** Of a week: "monday" when left out. */
  readonly on?: (typeof WEEKDAYS)[number];
  /** Where they differ from the pipeline's own. */
  readonly params?: Readonly<Record<string, unknown>>;
}

export const WEEKDAYS = [
  "sunday",
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
] as const;

const AT = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** In the words of `nextTick`. Throws `invalid_config` for a recurrence that cannot be read. */
export function everyOf(schedule: string | PipelineSchedule): string {
  const { every, at, on } = typeof schedule === "string" ? { every: schedule } : schedule;
  if (at === undefined && on === undefined) {
    nextTick(every, 0);
    return every;
  }
  const [, hour = "0", minute = "0"] = AT.exec(at ?? "00:00") ?? [];
  const day = every === "month" ? "1" : "*";
  const weekday = every === "week" ? WEEKDAYS.indexOf(on ?? "monday") : "*";
  return `${Number(minute)} ${Number(hour)} ${day} * ${weekday}`;
}

/** "every day at 02:00", "every week on monday at 06:30", "every 6h". */
export function scheduleInWords(schedule: string | PipelineSchedule): string {
  const { every, at, on } = typeof schedule === "string" ? { every: schedule } : schedule;
  const day = every === "week" && (on ?? at) !== undefined ? ` on ${on ?? "monday"}` : "";
  return `every ${every}${day}${at === undefined ? "" : ` at ${at}`}`;
}

/** What is wrong with it, in words; undefined: nothing. */
export function scheduleProblem(schedule: string | PipelineSchedule): string | undefined {
  if (typeof schedule !== "string") {
    const { every, at, on } = schedule;
    const times = ["day", "week", "month"];
    if (at !== undefined && !times.includes(every))
      return `at belongs to every: "day", "week" or "month", not "${every}"; cron fields such as "30 2 * * *" say both`;
    if (at !== undefined && !AT.test(at)) return `at: "${at}": write a time of day such as "02:00"`;
    if (on !== undefined && every !== "week") return `on belongs to every: "week", not "${every}"`;
  }
  try {
    everyOf(schedule);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
