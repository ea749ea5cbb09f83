import type { JobLook } from "../remote/place.ts";

/**
 * Lines that are new since the mark, without their times. A mark is the time of the last line, and how many lines of that very time have
 * been seen: the API gives lines from a time on, to the second, so some come again. What follows the last line break comes with the next look,
 * unless the log is over.
 */
export function newLines(
  text: string,
  mark: string,
  over = false,
): Pick<JobLook, "lines" | "mark"> {
  const [last = "", seen = "0"] = mark.split(" ");
  const ended = over && text !== "" && !text.endsWith("\n") ? `${text}\n` : text;
  const whole = ended.slice(0, ended.lastIndexOf("\n") + 1);
  const lines: string[] = [];
  let time = last;
  let times = Number(seen);
  let again = 0;
  for (const line of whole.split("\n").slice(0, -1)) {
    const [at = ""] = line.split(" ", 1);
    const order = compareTimes(at, last);
    if (order < 0) continue;
    if (order === 0 && ++again <= Number(seen)) continue;
    lines.push(line.slice(at.length + 1));
    times = at === time ? times + 1 : 1;
    time = at;
  }
  return { lines, mark: time === "" ? mark : `${time} ${times}` };
}

/** RFC 3339 with fractions of any length, UTC. */
function compareTimes(a: string, b: string): number {
  if (b === "") return 1;
  const [left, right] = [a, b].map((time) => {
    const [seconds = "", fraction = ""] = time.replace(/Z$/, "").split(".");
    return `${seconds}.${fraction.padEnd(9, "0")}`;
  });
  return left! < right! ? -1 : left === right ? 0 : 1;
}
