/**
 * The number at a path of a JSON text as it is written there: parsed, 9.0 and 9 are the same. undefined when there is none.
 * @param text valid JSON; of keys given twice the last counts, as in the parsed value.
 */
export function numberTextAt(text: string, path: readonly PropertyKey[]): string | undefined {
  let at = 0;
  /** Of what is open here, the keys and indexes; "" before the first key of an object. */
  const steps: (string | number)[] = [];
  let key = "";
  let found: string | undefined;
  const isHere = (): boolean =>
    steps.length === path.length && steps.every((step, i) => String(step) === String(path[i]));

  while (at < text.length) {
    const c = text[at]!;
    if (c === '"') {
      const end = afterText(text, at);
      key = text.slice(at, end);
      at = end;
      continue;
    }
    WORD.lastIndex = at;
    const word = WORD.exec(text)?.[0];
    if (word !== undefined) {
      if (/^[-\d]/.test(word) && isHere()) found = word;
      at += word.length;
      continue;
    }
    const step = steps.at(-1);
    if (c === "{") steps.push("");
    else if (c === "[") steps.push(0);
    else if (c === "}" || c === "]") steps.pop();
    else if (c === ":") steps[steps.length - 1] = JSON.parse(key) as string;
    else if (c === "," && typeof step === "number") steps[steps.length - 1] = step + 1;
    at++;
  }
  return found;
}

/** A number or a constant. */
const WORD = /[-+.\w]+/y;

/** Where the text that begins here ends. */
function afterText(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++)
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  return text.length;
}
