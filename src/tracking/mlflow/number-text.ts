/**
 * The number at a path of a JSON text as it is written there: parsed, 9.0 and 9 are the same. undefined when there is none.
 * @param text valid JSON; of keys given twice the last counts, as in the parsed value.
 */
export function numberTextAt(text: string, path: readonly PropertyKey[]): string | undefined {
  let at = 0;
  const steps: PropertyKey[] = [];
  const counters: (number | undefined)[] = [];
  let key: string | undefined;
  let found: string | undefined;
  const enter = (isArray: boolean): void => {
    counters.push(isArray ? 0 : undefined);
    steps.push(isArray ? 0 : "");
  };
  const isHere = (): boolean =>
    steps.length === path.length && steps.every((step, i) => String(step) === String(path[i]));

  while (at < text.length) {
    const c = text[at]!;
    if (c === "{" || c === "[") {
      enter(c === "[");
      at++;
    } else if (c === "}" || c === "]") {
      counters.pop();
      steps.pop();
      at++;
    } else if (c === ",") {
      const counter = counters.at(-1);
      if (counter !== undefined) {
        counters[counters.length - 1] = counter + 1;
        steps[steps.length - 1] = counter + 1;
      }
      at++;
    } else if (c === '"') {
      const end = afterText(text, at);
      key = text.slice(at, end);
      at = end;
    } else if (c === ":") {
      if (key !== undefined) steps[steps.length - 1] = JSON.parse(key) as string;
      at++;
    } else {
      const token = /^[-+.\w]+/.exec(text.slice(at, at + 400))?.[0];
      if (token !== undefined && /^[-\d]/.test(token) && isHere()) found = token;
      at += token?.length ?? 1;
    }
  }
  return found;
}

/** Where the text that begins here ends. */
function afterText(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++)
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  return text.length;
}
