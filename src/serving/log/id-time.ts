import { ALPHABET } from "../../lib/ids.ts";

const PREDICTION_ID = /^pred_([0-9a-hjkmnp-tv-z]{10})[0-9a-hjkmnp-tv-z]{12}$/;

/** When a prediction's id was made, milliseconds since 1970; undefined when it is none. */
export function timeOfId(id: string): number | undefined {
  const digits = PREDICTION_ID.exec(id)?.[1];
  return digits === undefined
    ? undefined
    : [...digits].reduce((sum, c) => sum * 32 + ALPHABET.indexOf(c), 0);
}

/** Ids made before `ms` (milliseconds since 1970) are smaller than this text. */
export function firstIdAt(ms: number): string {
  let text = "";
  for (let t = Math.max(0, Math.floor(ms)), i = 0; i < 10; i++, t = Math.floor(t / 32))
    text = ALPHABET[t % 32] + text;
  return `pred_${text}`;
}

/** An id is made when its request is answered: at most so long after it arrived. */
const LONGEST_REQUEST_MS = 10 * 60_000;
/** Moments closer together than this are read in one go. */
const GAP_MS = 3_600_000;

/** When the requests behind these ids may have arrived, milliseconds since 1970: few spans that hold them all, oldest first. */
export function arrivalsOf(
  ids: Iterable<string>,
): { readonly first: number; readonly last: number }[] {
  const times = [...ids].map((id) => timeOfId(id) ?? Number.NaN).filter((t) => !Number.isNaN(t));
  const spans: { first: number; last: number }[] = [];
  for (const time of Float64Array.from(times).sort()) {
    const [first, last] = [time - LONGEST_REQUEST_MS, time + LONGEST_REQUEST_MS];
    const before = spans.at(-1);
    if (before !== undefined && first - before.last < GAP_MS) before.last = last;
    else spans.push({ first, last });
  }
  return spans;
}
