const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
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
